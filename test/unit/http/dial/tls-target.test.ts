import { expect, test } from 'vitest'
import { TlsSessions, tlsOptions } from '../../../../src/http/dial/tls-target.ts'

test.each([
  ['up.test', 'up.test', 'up.test'],
  ['up.test.', 'up.test', 'up.test'],
  ['192.0.2.1', '192.0.2.1', ''],
  ['2001:db8::1', '2001:db8::1', ''],
])('the identity of %s is %s, its server name "%s"', (given, host, servername) => {
  expect(tlsOptions(given, {})).toMatchObject({ host, servername, ALPNProtocols: ['http/1.1'] })
})

test('verification stays on, even if the environment switches it off', () => {
  expect(tlsOptions('up.test', {}).rejectUnauthorized).toBe(true)
})

test('the newest sessions are kept, and their number is bounded', () => {
  const sessions = new TlsSessions()
  for (let at = 0; at < 300; at += 1) sessions.set(`host${at}:443`, Buffer.from([at & 0xff]))
  expect(sessions.get('host0:443')).toBeUndefined()
  expect(sessions.get('host299:443')).toEqual(Buffer.from([299 & 0xff]))
  sessions.delete('host299:443')
  expect(sessions.get('host299:443')).toBeUndefined()
})
