import { describe, expect, test } from 'vitest'
import { NetworkSet } from '../../../../src/http/address/address.ts'
import { type ForwardedFields, readProvenance } from '../../../../src/http/fields/provenance.ts'

const trusted = new NetworkSet(['10.0.0.0/8', '2001:db8::/32'])
const none: ForwardedFields = {
  forwarded: undefined,
  forwardedFor: undefined,
  forwardedProto: undefined,
  forwardedHost: undefined,
}
const byXForwarded = (fields: Partial<ForwardedFields>) =>
  readProvenance({ ...none, ...fields }, 'x_forwarded', '10.0.0.1', trusted)
const byForwarded = (forwarded: string) =>
  readProvenance({ ...none, forwarded }, 'forwarded', '10.0.0.1', trusted)

describe('the client', () => {
  test.each([
    ['the peer without a field', undefined, '10.0.0.1', false],
    ['the last untrusted address', '6.6.6.6, 192.0.2.7, 10.0.0.2', '192.0.2.7', false],
    ['the first address if all are trusted', '10.0.0.3, 2001:db8::2', '10.0.0.3', false],
    ['not beyond a hidden hop', '6.6.6.6, unknown, 10.0.0.2', '10.0.0.2', false],
    ['the hop that hides it', '6.6.6.6, _x', '10.0.0.1', false],
    ['read without its port', '192.0.2.7:4711', '192.0.2.7', false],
    ['read without brackets and port', '[2001:DB9::1]:4711', '2001:db9::1', false],
    ['the IPv4 address of a mapped address', '::ffff:192.0.2.7', '192.0.2.7', false],
    ['trusted in mapped form too', '192.0.2.7, ::ffff:10.0.0.2', '192.0.2.7', false],
    ['found behind empty elements', '192.0.2.7,', '192.0.2.7', false],
    ['not beyond an invalid element', '192.0.2.7, x y, 10.0.0.2', '10.0.0.2', false],
    ['unknown if the last element is invalid', '192.0.2.7, [192.0.2.8x', '10.0.0.1', true],
    ['unknown if the field is empty', '', '10.0.0.1', true],
    ['unknown if the field has only empty elements', ' , ', '10.0.0.1', true],
  ])('is %s', (_, forwardedFor, client, isBad) => {
    expect(byXForwarded({ forwardedFor })).toMatchObject({ client, isBad })
  })

  test.each([
    ['for=192.0.2.7', '192.0.2.7', false],
    ['for="[2001:DB9::1]:80", for=10.0.0.2', '2001:db9::1', false],
    ['for=192.0.2.7,', '192.0.2.7', false],
    ['for=192.0.2.7, proto=https', '10.0.0.1', false],
    ['for="open, for=192.0.2.7', '192.0.2.7', false],
    ['for=192.0.2.7, for="open', '10.0.0.1', true],
    ['for=[::1]', '10.0.0.1', true],
    ['', '10.0.0.1', true],
  ])('from the field Forwarded: %s is %s', (field, client, isBad) => {
    expect(byForwarded(field)).toMatchObject({ client, isBad })
  })

  test('is read from the trusted field only', () => {
    expect(byXForwarded({ forwarded: 'rubbish' })).toMatchObject({ client: '10.0.0.1', isBad: false })
    const other = readProvenance({ ...none, forwardedFor: 'x' }, 'forwarded', '10.0.0.1', trusted)
    expect(other).toMatchObject({ client: '10.0.0.1', isBad: false, proto: '', host: '' })
  })
})

describe('protocol and host', () => {
  test.each([
    ['one value', '192.0.2.7', 'https', 'https'],
    ['one value for several hops', '192.0.2.7, 10.0.0.2', 'https', 'https'],
    ['where the client stands', '192.0.2.7, 10.0.0.2', 'https, http', 'https'],
    ['not a forged one before it', '192.0.2.7', 'https, http', 'http'],
    [
      'not a forged one before it, with two hops',
      '6.6.6.6, 192.0.2.7, 10.0.0.2',
      'https, http, https',
      'http',
    ],
    ['the earliest of a list that is too short', '192.0.2.7, 10.0.0.3, 10.0.0.2', 'https, http', 'https'],
    ['without its empty elements', '192.0.2.7, 10.0.0.2', ',https, ,http,', 'https'],
    ['the last one when no hop is named', undefined, 'https, http', 'http'],
    ['of a hidden client', 'unknown, 10.0.0.2', 'https, http', 'https'],
    ['in lower case', '192.0.2.7', 'HTTPS', 'https'],
    ['of a WebSocket', '192.0.2.7', 'wss', 'wss'],
    ['none when it is not valid', '192.0.2.7', 'gopher', ''],
    ['none when it is not a token', '192.0.2.7', 'https http', ''],
    ['none when it is empty', '192.0.2.7', '', ''],
    ['none when it did not come', '192.0.2.7', undefined, ''],
  ])('the protocol is %s', (_, forwardedFor, forwardedProto, proto) => {
    expect(byXForwarded({ forwardedFor, forwardedProto }).proto).toBe(proto)
  })

  test.each([
    ['a.test', 'a.test'],
    ['evil.test, a.test', 'a.test'],
    ['a.test:8443', 'a.test:8443'],
    ['a.test:', 'a.test'],
    ['[2001:db8::1]:80', '[2001:db8::1]:80'],
    ['a b', ''],
    ['user@a.test', ''],
    ['a.test/x', ''],
    ['127.1', ''],
  ])('the host of %j is %j', (forwardedHost, host) => {
    expect(byXForwarded({ forwardedFor: '192.0.2.7', forwardedHost }).host).toBe(host)
  })

  test.each([
    ['for=192.0.2.7;proto=https;host=a.test', 'https', 'a.test'],
    ['for=6.6.6.6;proto=https;host=evil.test, for=192.0.2.7;proto=http', 'http', ''],
    ['for=192.0.2.7;proto=https;host=a.test, for=10.0.0.2;proto=http;host=b.test', 'https', 'a.test'],
    ['for=192.0.2.7, for=10.0.0.2;proto=https', 'https', ''],
    ['for=192.0.2.7;proto=ftp;host="a b"', '', ''],
    ['proto=https;host="a.test:8080"', 'https', 'a.test:8080'],
  ])('%s reports %s and %s', (field, proto, host) => {
    expect(byForwarded(field)).toMatchObject({ proto, host })
  })
})
