import { describe, expect, test } from 'vitest'
import { PreparedFields } from '../../../../../src/http/message/prepared.ts'
import { dateField, statusLine, writtenFields } from '../../../../../src/http/wire/server/head-text.ts'

test.each([
  [200, undefined, 'HTTP/1.1 200 OK\r\n'],
  [599, undefined, 'HTTP/1.1 599 \r\n'],
  [200, 'Fine', 'HTTP/1.1 200 Fine\r\n'],
  [200, '', 'HTTP/1.1 200 \r\n'],
])('the status line of %d with the reason %j', (status, reason, line) => {
  expect(statusLine(status, reason)).toBe(line)
  expect(statusLine(status, reason)).toBe(line)
})

describe('fields', () => {
  test('are written as lines, in their order and with their own case', () => {
    expect(writtenFields(['b', '1', 'A', '', 'b', '2']).text).toBe('b: 1\r\nA: \r\nb: 2\r\n')
  })

  test.each([
    [[], { length: -1, hasDate: false, hasConnection: false }],
    [['content-LENGTH', '12'], { length: 12, hasDate: false, hasConnection: false }],
    [['DATE', 'x'], { length: -1, hasDate: true, hasConnection: false }],
    [['connection', 'close'], { length: -1, hasDate: false, hasConnection: true }],
    [['X-Date', 'date', 'Connections', '1'], { length: -1, hasDate: false, hasConnection: false }],
  ])('%j contain what frames the message', (fields, facts) => {
    expect(writtenFields(fields)).toMatchObject(facts)
  })

  test('that many responses share are written once', () => {
    const prepared = new PreparedFields(['Content-Length', '3'])
    const facts = writtenFields(prepared)
    expect(facts).toEqual({ text: 'Content-Length: 3\r\n', length: 3, hasDate: false, hasConnection: false })
    expect(writtenFields(prepared)).toBe(facts)
  })
})

test('the Date is the current second', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5)
  expect(dateField(now)).toBe('Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n')
  expect(dateField(now + 999)).toBe('Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n')
  expect(dateField(now + 1_000)).toBe('Date: Fri, 02 Jan 2026 03:04:06 GMT\r\n')
})
