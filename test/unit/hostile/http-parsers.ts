/** The parsers of HTTP messages and their fields. */
import { parseProxyHeader } from '../../../src/http/accept/proxy-protocol.ts'
import { canonicalAddress, NetworkSet, readNetwork } from '../../../src/http/address/address.ts'
import { parseAuthority } from '../../../src/http/address/authority.ts'
import { listsTag } from '../../../src/http/fields/entity-tag.ts'
import { hasToken, namedByConnection } from '../../../src/http/fields/fields.ts'
import { addForwarding } from '../../../src/http/fields/forwarded.ts'
import { readForwarded, readForwardedFor } from '../../../src/http/fields/forwarded-fields.ts'
import { requestHeaders, responseHeaders, trailerFields } from '../../../src/http/fields/headers.ts'
import { hopsLeft } from '../../../src/http/fields/max-forwards.ts'
import { type BelievedField, readProvenance } from '../../../src/http/fields/provenance.ts'
import { readH2Fields } from '../../../src/http/h2/fields.ts'
import { errorBody } from '../../../src/http/reply/error-body.ts'
import { ChunkedDecoder } from '../../../src/http/wire/chunked.ts'
import { ResponseReader } from '../../../src/http/wire/client/reader.ts'
import { requestHead } from '../../../src/http/wire/client/request-head.ts'
import { RequestHeadReader } from '../../../src/http/wire/server/request-head.ts'
import type { Parser } from './parser.ts'

const trusted = new NetworkSet(['10.0.0.0/8'])
const cameAs = (text: string, believes: BelievedField) =>
  readProvenance(
    { forwarded: text, forwardedFor: text, forwardedProto: text, forwardedHost: text },
    believes,
    '10.0.0.1',
    trusted,
  )
const forwardingOf = (believes: BelievedField) => ({ xForwarded: true, forwarded: true, believes })
const hop = { for: '10.0.0.1', proto: 'http', host: 'a.test' }

function forwards(text: string, believes: BelievedField): readonly string[] {
  const out: string[] = []
  addForwarding(out, hop, cameAs(text, believes), forwardingOf(believes))
  return out
}

export const request = (raw: readonly string[]) =>
  requestHeaders(raw, {
    host: undefined,
    hop,
    forwarding: forwardingOf('x_forwarded'),
    came: null,
    requestId: null,
    protocol: '1.1',
    hidesAuthorization: false,
    pseudonym: 'edge',
  })

const sink = { takeHead() {}, takeData() {}, takeEnd() {}, takeFault() {} }
const bytes = (text: string) => Buffer.from(text, 'latin1')

function decodeChunks(text: string): void {
  const all = bytes(text)
  const decoder = new ChunkedDecoder()
  decoder.take(all, 0, all.length, sink)
  const slow = new ChunkedDecoder()
  for (let at = 0; at >= 0 && at < all.length && !slow.isDone; ) at = slow.take(all, at, at + 1, sink)
}

/** Room for the longest text, to see that nothing grows faster than the bytes. */
const wide = { maxHeadBytes: 1024 * 1024, maxFields: 100_000, maxTargetBytes: 1024 * 1024 }

/** Whole, and in single bytes. */
function readRequest(text: string): void {
  const all = bytes(text)
  new RequestHeadReader(wide).read(all, 0, all.length)
  const slow = new RequestHeadReader(wide)
  let head: unknown = null
  for (let at = 0; at < all.length && head === null; at += 1) head = slow.read(all, at, at + 1)
}

function readResponses(text: string): void {
  const reader = new ResponseReader(sink)
  reader.start(false)
  const all = bytes(text)
  reader.read(all, all.length)
  const slow = new ResponseReader(sink)
  slow.start(false)
  for (const byte of all) slow.read(Buffer.of(byte), 1)
}

/** One field for each name and value in the text, for parsers of whole heads. */
const pairs = (text: string): string[] => text.split(',').flatMap((part) => [part.slice(0, 40) || 'a', part])

export const httpParsers: readonly Parser[] = [
  { name: 'Forwarded', run: readForwarded, alphabet: ' ,;="\\a\t', beginnings: ['a=b,', 'for="', 'for=1;'] },
  {
    name: 'X-Forwarded-For',
    run: readForwardedFor,
    alphabet: ' ,:[]._a1',
    beginnings: ['1.1.1.1,', '[', '_'],
  },
  { name: 'Forwarded, continued', run: (text) => forwards(text, 'forwarded'), alphabet: ' ,;="\\a' },
  { name: 'X-Forwarded-*, continued', run: (text) => forwards(text, 'x_forwarded'), alphabet: ' ,:[_a1' },
  {
    name: 'an authority',
    run: (text) => parseAuthority(text, 80),
    alphabet: 'a.1:[]!%@',
    beginnings: ['[', 'a:'],
  },
  { name: 'an address', run: canonicalAddress, alphabet: ':.0f%', beginnings: ['::'] },
  { name: 'a network', run: readNetwork, alphabet: ':./0f' },
  { name: 'Connection', run: (text) => request(['Connection', text, 'A', 'b']), alphabet: ' ,a-\t' },
  {
    name: 'Connection and fields',
    run: (text) => request(['Connection', text, ...pairs(text)]),
    alphabet: ' ,ax',
  },
  {
    name: 'Connection of a response',
    run: (text) => responseHeaders(['connection', text, ...pairs(text)], 'e'),
    alphabet: ' ,ax',
  },
  { name: 'names in Connection', run: (text) => namedByConnection(['Connection', text]), alphabet: ' ,a;' },
  {
    name: 'Via',
    run: (text) => request(['Via', text]),
    alphabet: ' ,1(\t',
    beginnings: ['1.1 edge,', 'edge'],
  },
  { name: 'TE', run: (text) => request(['TE', text]), alphabet: ' ,;=a' },
  { name: 'a list of tokens', run: (text) => hasToken(text, 'close'), alphabet: ' ,;=a' },
  { name: 'trailers', run: (text) => trailerFields(pairs(text)), alphabet: ',a-' },
  {
    name: 'the names of fields',
    run: (text) => request(pairs(text)),
    alphabet: ',x-_',
    beginnings: ['x-forwarded-'],
  },
  {
    name: 'Max-Forwards',
    run: (text) => hopsLeft({ method: 'TRACE', fields: ['Max-Forwards', text] }),
    alphabet: ' 1',
  },
  {
    name: 'Accept',
    run: (text) => errorBody('INTERNAL', { accept: text }),
    alphabet: ' ,;=q/j*',
    beginnings: ['application/json;'],
  },
  {
    name: 'an ETag list',
    run: (text) => listsTag(text, '"x"', 'weak'),
    alphabet: ' ,"W/a',
    beginnings: ['"', 'W/"'],
  },
  {
    name: 'the head of a client',
    run: readRequest,
    alphabet: 'a: \r\n\t,/',
    beginnings: ['GET ', 'GET / HTTP/1.1\r\nConnection: ', 'GET / HTTP/1.1\r\na'],
  },
  {
    name: 'a PROXY header',
    run: (text) => parseProxyHeader(bytes(text)),
    alphabet: ' .:1\r',
    beginnings: ['PROXY TCP4 ', 'PROXY UNKNOWN '],
  },
  {
    name: 'responses',
    run: readResponses,
    alphabet: 'a: \r\n',
    beginnings: [
      'HTTP/1.1 100 A\r\n\r\n',
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=',
      'HTTP/1.1 200 ',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
  },
  { name: 'chunks', run: decodeChunks, alphabet: '0a;="\\\r\n ', beginnings: ['1\r\na\r\n', '0\r\n', '1;'] },
  {
    name: 'the head of a request',
    run: (text) => requestHead({ method: text, path: text, fields: pairs(text), body: null }, 'a'),
    alphabet: 'a,/:',
  },
  {
    name: 'fields of HTTP/2',
    run: (text) => readH2Fields(text.split(',').flatMap((part) => ['cookie', part])),
    alphabet: ',a;=',
  },
]
