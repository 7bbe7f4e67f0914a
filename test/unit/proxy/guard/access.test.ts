import { expect, test } from 'vitest'
import { AccessList } from '../../../../src/proxy/guard/access.ts'

const admitted = (list: { allow?: string[]; deny?: string[] }, ...addresses: string[]) => {
  const access = new AccessList({ allow: [], deny: [], ...list })
  return addresses.filter((address) => access.admits(address))
}

test('with allowed networks, no other client is admitted', () => {
  const allow = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']
  const asked = ['10.255.0.1', '11.0.0.0', '2001:db8:ffff::1', '2001:db9::', '192.0.2.7', '192.0.2.8']
  expect(admitted({ allow }, ...asked)).toEqual(['10.255.0.1', '2001:db8:ffff::1', '192.0.2.7'])
})

test('with denied networks, every other client is admitted', () => {
  expect(admitted({ deny: ['10.0.0.0/8'] }, '10.0.0.1', '11.0.0.1', '::1')).toEqual(['11.0.0.1', '::1'])
})

test('a denied network inside an allowed one stays denied', () => {
  const list = { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }
  expect(admitted(list, '10.0.0.1', '10.1.0.1', '10.2.0.1')).toEqual(['10.0.0.1', '10.2.0.1'])
})

test('an IPv4 client is the same in its IPv6 form', () => {
  expect(admitted({ deny: ['10.0.0.0/8'] }, '::ffff:10.0.0.1', '::ffff:0a00:0001')).toEqual([])
})

test('a client whose name is neither an address nor unix: is refused, whatever the lists say', () => {
  for (const name of ['unknown', '', '10.0.0', '10.0.0.1:80'])
    expect(admitted({ allow: ['0.0.0.0/0', '::/0', 'unix:'] }, name)).toEqual([])
  expect(admitted({ deny: ['192.0.2.0/24'] }, 'unknown')).toEqual([])
})

test('clients on a Unix socket, which have no address, are matched by unix:', () => {
  expect(admitted({ allow: ['0.0.0.0/0', '::/0'] }, 'unix:')).toEqual([])
  expect(admitted({ allow: ['unix:'] }, 'unix:', '10.0.0.1')).toEqual(['unix:'])
  expect(admitted({ deny: ['unix:'] }, 'unix:', '10.0.0.1')).toEqual(['10.0.0.1'])
  expect(admitted({ deny: ['10.0.0.0/8'] }, 'unix:')).toEqual(['unix:'])
})
