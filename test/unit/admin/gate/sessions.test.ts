import { expect, test } from 'vitest'
import { Sessions } from '../../../../src/admin/gate/sessions.ts'

const cookieOf = (field: string) => field.split(';')[0]

test('a session accepts its own cookie for 12 hours and no other cookie', () => {
  let now = 0
  const sessions = new Sessions(() => now)
  const field = sessions.open()
  expect(field).toMatch(
    /^__Host-bifrost=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  )
  const cookie = cookieOf(field)
  expect(sessions.isOpen(`other=1; ${cookie}; more=2`)).toBe(true)
  expect(sessions.isOpen(`x${cookie}`)).toBe(false)
  expect(sessions.isOpen(`__Host-bifrost=${'a'.repeat(43)}`)).toBe(false)
  expect(sessions.isOpen(undefined)).toBe(false)
  now = 12 * 3_600_000
  expect(sessions.isOpen(cookie)).toBe(false)
})

test('at most 64 sessions are open, and a new one replaces the oldest', () => {
  const sessions = new Sessions(() => 0)
  const cookies = Array.from({ length: 65 }, () => cookieOf(sessions.open()))
  expect(cookies.filter((cookie) => sessions.isOpen(cookie))).toEqual(cookies.slice(1))
})
