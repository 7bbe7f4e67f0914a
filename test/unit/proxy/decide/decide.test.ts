import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MountSettings, ServiceSettings } from '../../../../src/config/settings/settings.ts'
import {
  createPolicy,
  type Decision,
  decide,
  type Head,
  type Policy,
} from '../../../../src/proxy/decide/decide.ts'
import { normalisePath } from '../../../../src/proxy/decide/target.ts'
import { filesIn, forwardTo, reverseTo } from '../../../kit/daemons/data-plane.ts'

const mount = (path: string): MountSettings => ({
  path,
  rootDir: '/srv',
  spaMode: false,
  spaFallbackFile: 'index.html',
  indexFiles: [],
})

const forward = forwardTo()
const reverse = reverseTo('http://up.test')
const files = filesIn([mount('/blog'), mount('/blog/img'), mount('/docs')])
const policy = (...services: ServiceSettings[]): Policy => createPolicy(services)
const combined = policy(forward, reverse, files)

function ask(request: string, by: Policy, more: Partial<Head> = {}): Decision {
  const [method = '', url = ''] = request.split(' ')
  return decide(
    {
      method,
      url,
      host: 'h.test',
      hosts: 1,
      isUpgrade: false,
      version: 11,
      coding: undefined,
      expect: undefined,
      fields: 1,
      length: -1,
      ...more,
    },
    by,
  )
}

/** Short text of a decision. */
function answer(decision: Decision): string {
  if (decision.kind === 'reply') return decision.code
  if (decision.kind === 'static') return `static ${decision.mount.path}`
  if (decision.kind === 'tunnel') return `tunnel ${decision.host}:${decision.port}`
  if (decision.kind === 'forward') return `forward ${decision.origin} ${decision.path}`
  return `reverse ${decision.authority} ${decision.path}`
}

describe('forward', () => {
  test.each([
    ['GET http://A.test/x?y', 'forward http://a.test:80 /x?y'],
    ['GET HTTPS://a.test', 'forward https://a.test:443 /'],
    ['GET http://a.test:8080?q', 'forward http://a.test:8080 /?q'],
    ['GET http://[::1]/', 'forward http://[::1]:80 /'],
    ['CONNECT a.test:443', 'tunnel a.test:443'],
    ['CONNECT [::1]:22', 'tunnel ::1:22'],
    ['CONNECT a.test', 'BAD_AUTHORITY'],
    ['CONNECT http://a.test/', 'BAD_AUTHORITY'],
    ['GET http://u:p@a.test/', 'BAD_AUTHORITY'],
    ['GET http:///x', 'BAD_AUTHORITY'],
    ['GET http://a.test:0/', 'BAD_AUTHORITY'],
    ['GET http://a.test\\@b.test/', 'BAD_AUTHORITY'],
    ['GET ftp://a.test/', 'BAD_TARGET'],
    ['GET http://a.test/#x', 'BAD_TARGET'],
    ['GET *', 'BAD_TARGET'],
    ['OPTIONS *', 'NOT_IMPLEMENTED'],
    ['GET /x', 'BAD_TARGET'],
  ])('%s -> %s', (request, expected) => {
    expect(answer(ask(request, policy(forward)))).toBe(expected)
  })

  test('the forwarded Host does not contain the default port', () => {
    expect(ask('GET http://a.test:80/', policy(forward))).toMatchObject({ authority: 'a.test' })
    expect(ask('GET http://a.test:81/', policy(forward))).toMatchObject({ authority: 'a.test:81' })
  })
})

describe('reverse', () => {
  test.each([
    ['GET /x?y', 'reverse h.test /x?y'],
    ['GET //x/../y', 'reverse h.test //x/../y'],
    ['GET http://a.test/x', 'reverse a.test /x'],
    ['CONNECT a.test:443', 'METHOD_NOT_ALLOWED'],
    ['GET x', 'BAD_TARGET'],
  ])('%s -> %s', (request, expected) => {
    expect(answer(ask(request, policy(reverse)))).toBe(expected)
  })

  test('two Host fields are refused', () => {
    expect(answer(ask('GET /', policy(reverse), { hosts: 2 }))).toBe('BAD_AUTHORITY')
  })
})

describe('static', () => {
  test.each([
    ['GET /blog', 'static /blog'],
    ['HEAD /blog/', 'static /blog'],
    ['GET /blog/img/a.png', 'static /blog/img'],
    ['GET /blog/image', 'static /blog'],
    ['GET /blog-api', 'NOT_FOUND'],
    ['GET /other', 'NOT_FOUND'],
    ['GET http://a.test/docs/x', 'static /docs'],
    ['POST /blog', 'METHOD_NOT_ALLOWED'],
    ['GET /blog/%00', 'BAD_PATH'],
    ['GET /blog\\x', 'BAD_PATH'],
    ['GET /blog%5c..', 'BAD_PATH'],
    ['GET /blog/%zz', 'BAD_PATH'],
    ['GET /../blog', 'BAD_PATH'],
    ['GET /blog/../other', 'NOT_FOUND'],
    ['GET /blog/%2e%2e/docs', 'static /docs'],
  ])('%s -> %s', (request, expected) => {
    expect(answer(ask(request, policy(files)))).toBe(expected)
  })

  test('a refused method is answered with the allowed ones', () => {
    expect(ask('POST /blog', policy(files))).toMatchObject({ allow: 'GET, HEAD' })
  })
})

describe('combined', () => {
  test.each([
    ['GET http://a.test/blog', 'forward http://a.test:80 /blog'],
    ['CONNECT a.test:443', 'tunnel a.test:443'],
    ['GET /blog/x', 'static /blog'],
    ['POST /blog/x', 'reverse h.test /blog/x'],
    ['GET /blog-api', 'reverse h.test /blog-api'],
    ['GET //blog//x', 'static /blog'],
    ['GET /x/%2e%2e/blog/y', 'static /blog'],
    ['GET /blog/%2e%2e/x', 'reverse h.test /blog/%2e%2e/x'],
    ['GET /%62log/x', 'static /blog'],
    ['GET /blog%2fx', 'static /blog'],
    ['GET /blog/..%5c..%5cx', 'BAD_PATH'],
  ])('%s -> %s', (request, expected) => {
    expect(answer(ask(request, combined))).toBe(expected)
  })

  test('an upgrade goes to reverse, also below a mount', () => {
    expect(answer(ask('GET /blog/ws', combined, { isUpgrade: true }))).toBe('reverse h.test /blog/ws')
  })

  test('without a forward service, absolute-form stands for its path', () => {
    expect(answer(ask('GET http://a.test/blog', policy(reverse, files)))).toBe('static /blog')
    expect(answer(ask('GET http://a.test/x', policy(reverse, files)))).toBe('reverse a.test /x')
  })

  test('without a reverse service, a path outside of all mounts is not found', () => {
    expect(answer(ask('GET /x', policy(forward, files)))).toBe('NOT_FOUND')
    expect(answer(ask('POST /blog', policy(forward, files)))).toBe('METHOD_NOT_ALLOWED')
  })

  test('a mount at the root serves every path', () => {
    expect(answer(ask('GET /any/thing', policy(filesIn([mount('/')]))))).toBe('static /')
  })

  test('a mount with letters beyond ASCII serves their escaped form', () => {
    expect(answer(ask('GET /%C3%BCber/x', policy(filesIn([mount('/über')]))))).toBe('static /über')
  })
})

describe('normalisePath, for any path', () => {
  const segment = fc.constantFrom('a', 'b', '.', '..', '%2e', '%2E%2e', '', '%2f', '%41', 'x y', '%25')
  const path = fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join('/')}`)

  test('the result has no dot or empty segment, and is its own normal form', () => {
    fc.assert(
      fc.property(path, (text) => {
        const normal = normalisePath(text)
        if (normal === null) return
        expect(normal.startsWith('/')).toBe(true)
        const inner = normal.slice(1).replace(/\/$/, '')
        if (inner !== '') for (const part of inner.split('/')) expect(['', '.', '..']).not.toContain(part)
        if (!normal.includes('%')) expect(normalisePath(normal)).toBe(normal)
      }),
    )
  })
})

describe('a transfer coding', () => {
  test.each([
    ['chunked', 'reverse h.test /x'],
    ['Chunked', 'reverse h.test /x'],
    ['', 'BAD_REQUEST'],
    [' \t', 'BAD_REQUEST'],
    ['chunked,\tChunked', 'BAD_REQUEST'],
    ['gzip, chunked', 'NOT_IMPLEMENTED'],
    ['\xa0chunked, chunked', 'NOT_IMPLEMENTED'],
    ['\xa0', 'BAD_REQUEST'],
    ['gzip', 'BAD_REQUEST'],
    ['chunked, gzip', 'BAD_REQUEST'],
  ])('%j: %s', (coding, expected) => {
    expect(answer(ask('POST /x', combined, { coding }))).toBe(expected)
  })
})
