/** The parsers of services, telemetry and the admin interface. */
import { guardRefusal } from '../../../src/admin/gate/guard.ts'
import { Sessions } from '../../../src/admin/gate/sessions.ts'
import { bearerOf } from '../../../src/admin/gate/token.ts'
import { findOperation, readQuery } from '../../../src/admin/router.ts'
import { createPolicy, decide } from '../../../src/proxy/decide/decide.ts'
import { leavesRoot, normalisePath, parseAbsolute } from '../../../src/proxy/decide/target.ts'
import { distinguishedName } from '../../../src/proxy/exchange/client-subject.ts'
import { headOf } from '../../../src/proxy/explain/explain.ts'
import { basicToken, readCredentials } from '../../../src/proxy/guard/auth/basic.ts'
import { clientOf } from '../../../src/proxy/guard/client-of.ts'
import { isLimited, readRatePath } from '../../../src/proxy/guard/rate-path.ts'
import { RequestIds } from '../../../src/proxy/guard/request-ids.ts'
import { evaluateConditions, isRangeCurrent, validatorsOf } from '../../../src/proxy/static/condition.ts'
import { isPageRoute, readStaticPath } from '../../../src/proxy/static/path.ts'
import { selectRange } from '../../../src/proxy/static/range.ts'
import {
  escapePlain,
  maskAuthority,
  maskUrl,
  quoteJson,
  readable,
} from '../../../src/telemetry/access-log/escape.ts'
import { deniesB3, parseB3, parseB3Multi } from '../../../src/telemetry/trace/b3.ts'
import { parseTraceparent, readTracestate } from '../../../src/telemetry/trace/trace-context.ts'
import { filesIn, reverseTo } from '../../kit/daemons/data-plane.ts'
import type { Parser } from './parser.ts'

const entity = validatorsOf({ size: 10, modifiedMs: 1e12 }, 2e12)
const mount = { path: '/f', rootDir: '/srv', spaMode: true, spaFallbackFile: 'i', indexFiles: [] }
const policy = createPolicy([reverseTo('http://up.test/base'), filesIn([mount])])
const admin = { scheme: 'http', hosts: ['a.test'] } as const
const facts = { method: 'GET', origin: undefined, site: undefined, mode: undefined, dest: undefined }
const listRequests = findOperation('GET', '/api/requests')
const operation = listRequests !== null && 'operation' in listRequests ? listRequests.operation : null

export const otherParsers: readonly Parser[] = [
  { name: 'the key of a client', run: clientOf, alphabet: ':.0f%' },
  {
    name: 'conditions',
    run: (text) => [
      evaluateConditions(['If-Modified-Since', text, 'If-Unmodified-Since', text], entity),
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
    run: (host) => guardRefusal({ ...facts, host, origin: host }, admin),
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
