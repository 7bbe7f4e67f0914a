import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ParsedProxyHeader, parseProxyHeader } from '../../../../src/http/accept/proxy-protocol.ts'
import { canonicalAddress } from '../../../../src/http/address/address.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** A header of version 2. */
function v2(command: number, family: number, body: Buffer, version = 2): Buffer {
  const fixed = Buffer.from([(version << 4) | command, family, body.length >> 8, body.length & 0xff])
  return Buffer.concat([signature, fixed, body])
}

const port = fc.integer({ min: 0, max: 65_535 })
const twoBytes = (value: number) => Buffer.from([value >> 8, value & 0xff])
const parse = (text: string): ParsedProxyHeader => parseProxyHeader(Buffer.from(text, 'latin1'))

describe('a header of version 1', () => {
  test('names an IPv4 or IPv6 client by its canonical address, and leaves the bytes after it alone', () => {
    const text = fc.oneof(
      fc.tuple(fc.constant('TCP4'), fc.ipV4(), fc.ipV4()),
      fc.tuple(fc.constant('TCP6'), fc.ipV6(), fc.ipV6()),
    )
    fc.assert(
      fc.property(text, port, port, fc.string(), ([family, from, to], fromPort, toPort, rest) => {
        const head = `PROXY ${family} ${from} ${to} ${fromPort} ${toPort}\r\n`
        expect(parse(head + rest)).toEqual({
          length: head.length,
          client: { address: canonicalAddress(from), port: fromPort },
        })
      }),
    )
  })

  test.each([
    ['PROXY UNKNOWN\r\n', 15],
    ['PROXY UNKNOWN ffff:: 1 2 3\r\n', 28],
  ])('%j names no client', (text, length) => {
    expect(parse(text)).toEqual({ length, client: null })
  })

  test.each([
    'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n',
    'PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n',
    'PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n',
    'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UNKNOWNX\r\n',
    'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'POST / HTTP/1.1\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
    `PROXY ${'x'.repeat(200)}`,
  ])('%j is not a valid header', (text) => {
    expect(parse(text)).toBe('invalid')
  })

  test('may have 107 bytes', () => {
    const text = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`
    expect(parse(text)).toEqual({ length: 107, client: null })
  })
})

describe('a header of version 2', () => {
  test('names an IPv4 client, whatever TLVs follow', () => {
    const octets = fc.uint8Array({ minLength: 4, maxLength: 4 })
    const tlvs = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(
        octets,
        octets,
        port,
        port,
        tlvs,
        fc.uint8Array(),
        (from, to, fromPort, toPort, more, rest) => {
          const head = v2(1, 0x11, Buffer.concat([from, to, twoBytes(fromPort), twoBytes(toPort), more]))
          expect(parseProxyHeader(Buffer.concat([head, rest]))).toEqual({
            length: head.length,
            client: { address: from.join('.'), port: fromPort },
          })
        },
      ),
    )
  })

  test('names an IPv4-mapped client by its IPv4 address, in both versions', () => {
    const mapped = Buffer.from('00000000000000000000ffff7f000003', 'hex')
    const head = v2(1, 0x21, Buffer.concat([mapped, mapped, twoBytes(4711), twoBytes(443)]))
    const client = { address: '127.0.0.3', port: 4711 }
    expect(parseProxyHeader(head)).toEqual({ length: 52, client })
    for (const text of ['::ffff:127.0.0.3', '::FFFF:7f00:3', '0:0:0:0:0:ffff:7F00:0003'])
      expect(parse(`PROXY TCP6 ${text} ::1 4711 443\r\n`)).toMatchObject({ client })
  })

  test('names an IPv6 client in the spelling of sockets', () => {
    const address = Buffer.from('20010db8000000000000000000000001', 'hex')
    const head = v2(1, 0x21, Buffer.concat([address, address, twoBytes(4711), twoBytes(443)]))
    expect(parseProxyHeader(head)).toEqual({ length: 52, client: { address: '2001:db8::1', port: 4711 } })
  })

  test.each([
    ['LOCAL', v2(0, 0x00, Buffer.alloc(0)), 16],
    ['LOCAL with what is to be ignored', v2(0, 0x11, Buffer.alloc(5)), 21],
    ['an unspecified family', v2(1, 0x00, Buffer.alloc(3)), 19],
    ['a Unix socket', v2(1, 0x31, Buffer.alloc(216)), 232],
    ['datagrams', v2(1, 0x12, Buffer.alloc(12)), 28],
  ])('%s names no client', (_, bytes, length) => {
    expect(parseProxyHeader(bytes)).toEqual({ length, client: null })
  })

  test.each([
    ['version 1 in its form', v2(1, 0x11, Buffer.alloc(12), 1)],
    ['an unknown command', v2(2, 0x11, Buffer.alloc(12))],
    ['an unknown family', v2(1, 0x41, Buffer.alloc(12))],
    ['an unknown protocol', v2(1, 0x13, Buffer.alloc(12))],
    ['IPv4 without room for addresses', v2(1, 0x11, Buffer.alloc(11))],
    ['IPv6 without room for addresses', v2(1, 0x21, Buffer.alloc(35))],
    ['a length beyond the bound', v2(1, 0x11, Buffer.alloc(4081))],
    ['another signature', Buffer.from('\r\n\r\n\0\r\nQUIX')],
    ['TLS', Buffer.from([0x16, 3, 1])],
  ])('%s is not a valid header', (_, bytes) => {
    expect(parseProxyHeader(bytes)).toBe('invalid')
  })
})

describe('a header in pieces', () => {
  const heads = fc.constantFrom(
    Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n'),
    Buffer.from('PROXY UNKNOWN\r\n'),
    v2(1, 0x11, Buffer.alloc(40)),
    v2(0, 0x00, Buffer.alloc(0)),
  )

  test('is incomplete until its last byte, and never invalid', () => {
    fc.assert(
      fc.property(heads, fc.nat(), (head, cut) => {
        expect(parseProxyHeader(head.subarray(0, cut % head.length))).toBe('partial')
      }),
    )
  })

  test('never makes the parser throw, and other bytes are never a header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const parsed = parseProxyHeader(Buffer.from(bytes))
        if (typeof parsed === 'object') expect([0x50, 0x0d]).toContain(bytes[0])
      }),
    )
  })
})
