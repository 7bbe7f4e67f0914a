import { expect, test } from 'vitest'
import { BifrostError } from '../../../src/errors.ts'
import { failureCode } from '../../../src/http/failure.ts'

test.each([
  ['ECONNREFUSED', 'UPSTREAM_REFUSED'],
  ['EHOSTUNREACH', 'UPSTREAM_REFUSED'],
  ['ENOTFOUND', 'UPSTREAM_UNRESOLVED'],
  ['EAI_AGAIN', 'UPSTREAM_UNRESOLVED'],
  ['UND_ERR_HEADERS_TIMEOUT', 'UPSTREAM_TIMEOUT'],
  ['UND_ERR_BODY_TIMEOUT', 'UPSTREAM_TIMEOUT'],
  ['UND_ERR_SOCKET', 'UPSTREAM_BROKEN'],
  ['ECONNRESET', 'UPSTREAM_BROKEN'],
  ['HPE_INVALID_CONSTANT', 'UPSTREAM_BROKEN'],
  ['CERT_HAS_EXPIRED', 'UPSTREAM_BROKEN'],
])('%s is %s', (code, expected) => {
  expect(failureCode(Object.assign(new Error(code), { code }))).toBe(expected)
})

test('errors of Bifrost keep their code, and errors without a code mean a broken upstream', () => {
  expect(failureCode(new BifrostError('LOOP'))).toBe('LOOP')
  expect(failureCode(null)).toBe('UPSTREAM_BROKEN')
})
