import { expect, test } from 'vitest'
import { errorTable } from '../../../../src/errors.ts'
import { errorBody, prefersJson } from '../../../../src/http/reply/error-body.ts'

test('the text body contains the code and the request id', () => {
  expect(errorBody('NOT_FOUND', {})).toEqual({
    type: 'text/plain; charset=utf-8',
    text: `NOT_FOUND: ${errorTable.NOT_FOUND.message}\n`,
  })
  expect(errorBody('NOT_FOUND', { requestId: 'r1', message: 'gone' }).text).toBe(
    'NOT_FOUND: gone (request r1)\n',
  )
})

test('the JSON body contains the same', () => {
  const { type, text } = errorBody('LOOP', { accept: 'application/json', requestId: 'r1' })
  expect(type).toBe('application/json')
  expect(JSON.parse(text)).toEqual({
    error: { code: 'LOOP', message: errorTable.LOOP.message, request_id: 'r1' },
  })
  expect(JSON.parse(errorBody('LOOP', { accept: 'application/json' }).text).error).not.toHaveProperty(
    'request_id',
  )
})

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

test.each([
  ['application/json', true],
  ['Application/JSON', true],
  ['application/json, text/plain, */*', true],
  ['application/json;q=0.9, */*;q=0.8', true],
  ['text/html;q=0.1, application/json', true],
  ['*/*', false],
  [browser, false],
  ['text/plain, application/json;q=0.9', false],
  ['application/json;q=0', false],
  ['application/json;q=nonsense', false],
  ['application/json;q=0.5, text/*', false],
  ['application/problem+json', false],
  ['', false],
])('Accept: %s prefers JSON: %s', (accept, isJson) => {
  expect(prefersJson(accept)).toBe(isJson)
})
