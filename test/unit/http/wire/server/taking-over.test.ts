import { expect, test } from 'vitest'
import { CoarseClock } from '../../../../../src/http/clock.ts'
import { Closer } from '../../../../../src/http/reply/closer.ts'
import { ServerConnection } from '../../../../../src/http/wire/server/connection.ts'
import type { RequestHandler } from '../../../../../src/http/wire/server/contract.ts'
import { Turns } from '../../../../../src/http/wire/server/turns.ts'
import { FakeTransport } from '../../../../kit/engine/fake-transport.ts'

const connect = 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'

/** A connection whose CONNECT is decided later, as when a password is compared. */
function connection() {
  const tasks: (() => void)[] = []
  const taken: string[] = []
  const handler: RequestHandler = {
    request: (_request, response) => response.end('ok'),
    takeOver: (request) => taken.push(request.target),
    malformed: () => {},
    rejected: () => null,
  }
  const transport = new FakeTransport()
  const turns = new Turns(
    () => 0,
    (task) => tasks.push(task),
  )
  const closer = new Closer(new CoarseClock(1_000))
  const heads = { maxHeadBytes: 16_384, maxFields: 100, maxTargetBytes: 8_192 }
  const settings = { heads, keepAliveSecs: 5, turns, closer, takesOver: () => false }
  const http = new ServerConnection(transport, settings, handler)
  /** Lets the turns of the event loop pass. */
  const pass = (): void => {
    while (tasks.length > 0) tasks.shift()?.()
  }
  return { transport, http, taken, pass }
}

const text = (bytes: Buffer | null): string => bytes?.toString('latin1') ?? ''

test('bytes behind a CONNECT that is decided later are kept', () => {
  const { transport, http, taken, pass } = connection()
  transport.receive(`${connect}early`)
  pass()
  transport.receive(' and later')
  expect(taken).toEqual(['a:443'])
  expect(text(http.release())).toBe('early and later')
})

test('bytes behind a pipelined CONNECT that is decided later are kept', () => {
  const { transport, http, taken, pass } = connection()
  transport.receive(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${connect}early`)
  pass()
  transport.receive(' and later')
  expect(taken).toEqual(['a:443'])
  expect(text(http.release())).toBe('early and later')
})
