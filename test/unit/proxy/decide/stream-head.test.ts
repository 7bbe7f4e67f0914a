import { expect, test } from 'vitest'
import type { H2Request } from '../../../../src/http/h2/request.ts'
import { createPolicy, decide } from '../../../../src/proxy/decide/decide.ts'
import { readStreamHead } from '../../../../src/proxy/decide/head.ts'
import { filesIn, forwardTo, reverseTo } from '../../../kit/daemons/data-plane.ts'

const mount = { path: '/', rootDir: '/srv', spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
const policies = {
  forward: createPolicy([forwardTo()]),
  reverse: createPolicy([reverseTo('http://up.test')]),
  both: createPolicy([forwardTo(), reverseTo('http://up.test')]),
  all: createPolicy([forwardTo(), filesIn([mount]), reverseTo('http://up.test')]),
}

function decided(over: Partial<Record<keyof H2Request, unknown>>, policy: keyof typeof policies) {
  const request = {
    method: 'GET',
    target: '/x',
    scheme: 'https',
    authority: 'a.test',
    fields: ['host', 'a.test'],
    isEncrypted: true,
    ...over,
  } as unknown as H2Request
  return decide(readStreamHead(request, policies[policy]), policies[policy])
}

test('over TLS, http:// is for the forward proxy and https:// for the other services', () => {
  expect(decided({ scheme: 'http' }, 'both')).toMatchObject({
    kind: 'forward',
    origin: 'http://a.test:80',
    path: '/x',
  })
  expect(decided({}, 'both')).toMatchObject({ kind: 'reverse', path: '/x' })
  expect(decided({}, 'all')).toMatchObject({ kind: 'static', path: '/x' })
  expect(decided({ scheme: 'http' }, 'reverse')).toMatchObject({ kind: 'reverse' })
})

test('a worker with only a forward proxy takes every request as a full URL', () => {
  expect(decided({}, 'forward')).toMatchObject({ kind: 'forward', origin: 'https://a.test:443' })
})

test('the target of CONNECT is its authority', () => {
  const connect = {
    method: 'CONNECT',
    target: 'b.test:443',
    scheme: '',
    authority: 'b.test:443',
    fields: ['host', 'b.test:443'],
  }
  expect(decided(connect, 'all')).toMatchObject({ kind: 'tunnel', host: 'b.test', port: 443 })
})

test.each([
  ['a method that is not a token', { method: 'GE T' }, 'BAD_REQUEST'],
  ['a path with a line end', { target: '/x\r\ny' }, 'BAD_REQUEST'],
  ['a path with a space', { target: '/x y' }, 'BAD_REQUEST'],
  ['another scheme', { scheme: 'ftp' }, 'BAD_REQUEST'],
  ['an authority that differs from Host', { fields: ['host', 'b.test'] }, 'BAD_AUTHORITY'],
  ['an authority with a user', { authority: 'u@a.test', fields: ['host', 'u@a.test'] }, 'BAD_AUTHORITY'],
  ['neither authority nor Host', { authority: undefined, fields: [] }, 'BAD_REQUEST'],
])('%s is refused even if nghttp2 accepts it', (_name, over, code) => {
  expect(decided(over, 'reverse')).toMatchObject({ kind: 'reply', code })
})
