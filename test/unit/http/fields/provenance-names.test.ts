import { expect, test } from 'vitest'
import { fieldKind, kind } from '../../../../src/http/fields/fields.ts'

test.each(['X-Forwarded', 'x-forwarded-port', 'X-Forwarded-Prefix', 'X-Real-IP'])(
  '%s is a provenance field',
  (name) => {
    expect(fieldKind(name)).toBe(kind.provenance)
  },
)

test.each([
  'X_Forwarded',
  'X_Forwarded_For',
  'X-Forwarded_For',
  'x_forwarded-host',
  'X_REAL_IP',
  'X-Real_IP',
])('%s is a lookalike of a provenance field', (name) => {
  expect(fieldKind(name)).toBe(kind.lookalike)
})

test.each(['X-Forwardedness', 'X-Real-IPs', 'X-Forward'])('%s is an ordinary field', (name) => {
  expect(fieldKind(name)).toBe(kind.other)
})
