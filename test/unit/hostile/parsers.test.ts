import { expect, test } from 'vitest'
import { refusalOf } from '../../../src/admin/guard.ts'
import { findOperation, readQuery } from '../../../src/admin/router.ts'
import { Sessions } from '../../../src/admin/sessions.ts'
import { bearerOf } from '../../../src/admin/token.ts'
import { canonicalAddress, NetworkSet, readNetwork } from '../../../src/http/address.ts'
import { parseAuthority } from '../../../src/http/authority.ts'
import { listsTag } from '../../../src/http/entity-tag.ts'
import { errorBody } from '../../../src/http/error-body.ts'
import { hasToken, namedByConnection } from '../../../src/http/fields.ts'
import { judgeFirstLine } from '../../../src/http/first-line.ts'
import { addForwarding } from '../../../src/http/forwarded.ts'
import { readForwarded, readForwardedFor } from '../../../src/http/forwarded-fields.ts'
import { readFields as readH2Fields } from '../../../src/http/h2-fields.ts'
import { requestHeaders, responseHeaders, trailerFields } from '../../../src/http/headers.ts'
import { hopsLeft } from '../../../src/http/max-forwards.ts'
import type { HttpRequest } from '../../../src/http/message.ts'
import { type BelievedField, readProvenance } from '../../../src/http/provenance.ts'
import { parseProxyHeader } from '../../../src/http/proxy-protocol.ts'
import { ChunkedDecoder } from '../../../src/http/wire/chunked.ts'
import { readFields } from '../../../src/http/wire/fields.ts'
import { ResponseReader } from '../../../src/http/wire/reader.ts'
import { requestHead } from '../../../src/http/wire/request-head.ts'
import { readResponseHead } from '../../../src/http/wire/response-head.ts'
import { basicToken, readCredentials } from '../../../src/proxy/auth-basic.ts'
import { distinguishedName } from '../../../src/proxy/client-subject.ts'
import { clientOf } from '../../../src/proxy/clients.ts'
import { createPolicy, decide } from '../../../src/proxy/decide.ts'
import { headOf } from '../../../src/proxy/explain.ts'
import { isLimited, readRatePath } from '../../../src/proxy/rate-path.ts'
import { RequestIds } from '../../../src/proxy/request-ids.ts'
import { evaluateConditions, isRangeCurrent, validatorsOf } from '../../../src/proxy/static-condition.ts'
import { isPageRoute, readStaticPath } from '../../../src/proxy/static-path.ts'
import { selectRange } from '../../../src/proxy/static-range.ts'
import { leavesRoot, normalisePath, parseAbsolute } from '../../../src/proxy/target.ts'
import {
  escapePlain,
  maskAuthority,
  maskUrl,
  quoteJson,
  readable,
} from '../../../src/telemetry/access-log-escape.ts'
import { deniesB3, parseB3, parseB3Multi } from '../../../src/telemetry/trace-b3.ts'
import { parseTraceparent, readTracestate } from '../../../src/telemetry/trace-context.ts'
import { filesIn, reverseTo } from '../../kit/edge.ts'
import { hostileTexts, superlinear } from '../../kit/growth.ts'

/** Every parser that sees bytes of a peer, with the characters that mean something to it and the beginnings that lead into its loops. */
interface Parser {
  readonly name: string
  readonly run: (text: string) => unknown
  readonly alphabet: string
  readonly beginnings?: readonly string[]
}

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

const request = (raw: readonly string[]) =>
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

function readResponses(text: string): void {
  const reader = new ResponseReader(sink)
  reader.start(false)
  const all = bytes(text)
  reader.read(all, all.length)
}

const entity = validatorsOf({ size: 10, modifiedMs: 1e12 }, 2e12)
const mount = { path: '/f', rootDir: '/srv', spaMode: true, spaFallbackFile: 'i', indexFiles: [] }
const policy = createPolicy([reverseTo('http://up.test/base'), filesIn([mount])])
const admin = { scheme: 'http', hosts: ['a.test'] } as const
const facts = { method: 'GET', origin: undefined, site: undefined, mode: undefined, dest: undefined }
const listRequests = findOperation('GET', '/api/requests')
const operation = listRequests !== null && 'operation' in listRequests ? listRequests.operation : null

/** One field of each name and value that the text has, for parsers of whole heads. */
const pairs = (text: string): string[] => text.split(',').flatMap((part) => [part.slice(0, 40) || 'a', part])

const parsers: readonly Parser[] = [
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
  { name: 'the key of a client', run: clientOf, alphabet: ':.0f%' },
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
    run: (text) => hopsLeft({ method: 'TRACE', headers: { 'max-forwards': text } } as unknown as HttpRequest),
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
    name: 'conditions',
    run: (text) => [
      evaluateConditions({ 'if-modified-since': text, 'if-unmodified-since': text }, entity),
      isRangeCurrent(text, entity, 2e12),
    ],
    alphabet: ' ,:0A"',
    beginnings: ['Sun, 06 Nov 1994 '],
  },
  {
    name: 'Range',
    run: (text) => selectRange(text, 10),
    alphabet: ' \t0-,',
    beginnings: ['bytes=', 'bytes=0-'],
  },
  {
    name: 'Basic credentials',
    run: (text) => readCredentials(basicToken(text) ?? Buffer.from(text).toString('base64')),
    alphabet: ' =aA:',
    beginnings: ['basic '],
  },
  {
    name: 'a request line',
    run: (text) => judgeFirstLine(bytes(`${text}\n`)),
    alphabet: ' \tA/\r',
    beginnings: ['GET ', 'GET / '],
  },
  { name: 'a request line without end', run: (text) => judgeFirstLine(bytes(text)), alphabet: '\r\nA ' },
  {
    name: 'an absolute-form target',
    run: parseAbsolute,
    alphabet: '/:@?#\\a',
    beginnings: ['http://', 'HTTPS://'],
  },
  { name: 'a path', run: normalisePath, alphabet: '/.%2e\\;a', beginnings: ['/', '/%'] },
  { name: 'dot segments', run: leavesRoot, alphabet: '/.%25e;?', beginnings: ['/..', '/%25'] },
  {
    name: 'the path of a rate rule',
    run: (text) => isLimited('/login', readRatePath(text)),
    alphabet: '/.%25;? ',
    beginnings: ['/%', '/login'],
  },
  {
    name: 'the path of a file',
    run: (text) => {
      const path = readStaticPath(text, '/f')
      return typeof path === 'string' || isPageRoute(path.segments)
    },
    alphabet: '/.%2ea?',
    beginnings: ['/f/', '/f/a.'],
  },
  {
    name: 'a decision',
    run: (url) =>
      decide(headOf({ method: 'GET', url, host: url, client: '', user: null }), {
        ...policy,
        maxTargetBytes: Infinity,
      }),
    alphabet: '/.%2:;',
    beginnings: ['/', 'http://'],
  },
  { name: 'a request id', run: (text) => new RequestIds(true).idFor(text), alphabet: ' a-"' },
  {
    name: 'a PROXY header',
    run: (text) => parseProxyHeader(bytes(text)),
    alphabet: ' .:1\r',
    beginnings: ['PROXY TCP4 ', 'PROXY UNKNOWN '],
  },
  {
    name: 'lines of fields',
    run: (text) => readFields(bytes(text), 0, text.length),
    alphabet: 'a: \r\n\t',
    beginnings: ['a: '],
  },
  {
    name: 'the head of a response',
    run: (text) => readResponseHead(bytes(text), 0, text.length, false),
    alphabet: 'a: \r\n',
    beginnings: ['HTTP/1.1 200 OK\r\nKeep-Alive: timeout=', 'HTTP/1.1 200 '],
  },
  {
    name: 'responses',
    run: readResponses,
    alphabet: 'a: \r\n',
    beginnings: ['HTTP/1.1 100 A\r\n\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
  },
  { name: 'chunks', run: decodeChunks, alphabet: '0a;\r\n ', beginnings: ['1\r\na\r\n', '0\r\n', '1;'] },
  {
    name: 'the head of a request',
    run: (text) =>
      requestHead({ method: text, path: text, headers: pairs(text), authority: 'a', body: null }),
    alphabet: 'a,/:',
  },
  {
    name: 'fields of HTTP/2',
    run: (text) => readH2Fields(text.split(',').flatMap((part) => ['cookie', part])),
    alphabet: ',a;=',
  },
  {
    name: 'traceparent',
    run: parseTraceparent,
    alphabet: '0-af',
    beginnings: ['00-', `01-${'1'.repeat(32)}-${'1'.repeat(16)}-01-`],
  },
  { name: 'tracestate', run: readTracestate, alphabet: ' \t,=a@', beginnings: ['a=', 'a=1'] },
  { name: 'b3', run: (text) => [parseB3(text), deniesB3(text)], alphabet: '0-1d' },
  {
    name: 'X-B3-*',
    run: (text) => parseB3Multi({ traceId: text, spanId: text, sampled: text, flags: text }),
    alphabet: '0-1d',
  },
  {
    name: 'a URL in a log',
    run: (text) => maskUrl(text),
    alphabet: '/@:?&=a ',
    beginnings: ['http://', 'a:', '?sig='],
  },
  {
    name: 'text in a log',
    run: (text) => [readable(text), escapePlain(text, true), quoteJson(text), maskAuthority(text)],
    alphabet: '"\\ @\u00e4a',
  },
  { name: 'the subject of a certificate', run: distinguishedName, alphabet: '\n,=\\a' },
  {
    name: 'Host of admin',
    run: (host) => refusalOf({ ...facts, host, origin: host }, admin),
    alphabet: 'a.:[]1',
    beginnings: ['['],
  },
  {
    name: 'a path of admin',
    run: (text) => findOperation('GET', text),
    alphabet: '/%a{}',
    beginnings: ['/api/'],
  },
  { name: 'a query of admin', run: (text) => operation && readQuery(operation, text), alphabet: '&=%a+' },
  {
    name: 'a query of admin with many names',
    run: (text) =>
      operation &&
      readQuery(operation, Array.from({ length: text.length / 6 }, (_, at) => `k${at}`).join('&')),
    alphabet: 'a',
  },
  {
    name: 'Cookie of admin',
    run: (text) => new Sessions().isOpen(text),
    alphabet: '; =a',
    beginnings: ['__Host-bifrost=', ';'],
  },
  { name: 'Authorization of admin', run: bearerOf, alphabet: ' a=', beginnings: ['Bearer '] },
]

test.each(parsers)('$name: the time grows no faster than 64 KiB of text', { timeout: 120_000 }, (parser) => {
  const { run, alphabet, beginnings = [] } = parser
  expect(superlinear(run, hostileTexts(alphabet, beginnings))).toBeNull()
})

test('many fields, each of them named by Connection', { timeout: 120_000 }, () => {
  const many = (text: string) => {
    const names = Array.from({ length: text.length / 8 }, (_, at) => `x${at}`)
    const raw = ['Connection', names.join(), ...names.flatMap((name) => [name, '1'])]
    return [request(raw), responseHeaders(raw, 'edge')]
  }
  expect(superlinear(many, [{ beginning: '', unit: 'a' }])).toBeNull()
})
