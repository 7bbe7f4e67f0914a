import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { reasonPhrase } from '../../../src/http/status.ts'

test('every status that Node knows has the same reason phrase', () => {
  for (const [status, phrase] of Object.entries(STATUS_CODES)) {
    expect(reasonPhrase(Number(status)), status).toBe(phrase)
  }
})

test.each([199, 299, 499, 599, 999])('%d, which is not registered, has an empty one', (status) => {
  expect(reasonPhrase(status)).toBe('')
})
