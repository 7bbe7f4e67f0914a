import { describe, expect, it } from 'vitest'
import { ClientCounts, clientOf, limitClients } from '../../../../src/proxy/data-plane/client-limits.ts'
import type { Admission } from '../../../../src/proxy/exchange/admission.ts'

describe('clientOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8::/64'],
    ['::1', '::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::ffff:c000:0207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:0DB8:0:0::9', '2001:db8::/64'],
    ['unix:', 'unix:'],
  ])('%s counts as %s', (address, client) => {
    expect(clientOf(address)).toBe(client)
  })
})

describe('ClientCounts', () => {
  it('admits up to its limit, each client for itself', () => {
    const counts = new ClientCounts(2)
    expect([counts.enter('a'), counts.enter('a'), counts.enter('a'), counts.enter('b')]).toEqual([
      true,
      true,
      false,
      true,
    ])
  })

  it('has no entry for who has nothing open', () => {
    const counts = new ClientCounts(2)
    for (const client of ['a', 'b', 'b']) counts.enter(client)
    for (const client of ['a', 'b', 'b']) counts.leave(client)
    expect(counts.size).toBe(0)
    expect(counts.enter('a')).toBe(true)
  })
})

describe('limitClients', () => {
  /** What the worker's own admission and the counter of refusals heard. */
  function limited(max: number, isOpen: () => boolean) {
    const heard: string[] = []
    const own: Admission = {
      open() {
        heard.push('open')
        return isOpen()
      },
      identify: () => true,
      close: () => heard.push('close'),
    }
    return { heard, admission: limitClients(own, max, () => heard.push('refused')) }
  }

  it('refuses before the worker hears of it', () => {
    const { heard, admission } = limited(1, () => true)
    expect([admission.open('192.0.2.7'), admission.open('192.0.2.7')]).toEqual([true, false])
    expect(heard).toEqual(['open', 'refused'])
    admission.close('192.0.2.7')
    expect(admission.open('192.0.2.7')).toBe(true)
  })

  it('forgets a client that the worker refuses', () => {
    let hasRoom = false
    const { admission } = limited(1, () => hasRoom)
    expect(admission.open('192.0.2.7')).toBe(false)
    hasRoom = true
    expect(admission.open('192.0.2.7')).toBe(true)
  })
})
