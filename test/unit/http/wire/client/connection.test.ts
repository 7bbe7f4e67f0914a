import { describe, expect, test } from 'vitest'
import { drive, get, nextTurn, Recorder } from '../../../../kit/engine/driven-connection.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const started = 'started at 192.0.2.1'

/** Runs one exchange to its end, so that the connection is kept. */
function warmUp(driven: ReturnType<typeof drive>): void {
  const sink = new Recorder()
  driven.connection.dispatch(get, sink)
  driven.transport.receive(ok)
  expect(sink.last).toBe('end')
}

test('a request is written at once to a new connection, and its response goes to the sink', () => {
  const driven = drive()
  const sink = new Recorder()
  driven.connection.dispatch(get, sink)
  expect(driven.transport.writes).toEqual(['GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'])
  driven.transport.receive(ok)
  expect(sink.lines).toEqual([started, '200 OK', 'end'])
  expect(sink.body).toBe('ok')
  expect(driven.transport.isClosed).toBe(false)
})

test('a response that arrives byte by byte is the same, with a flush after each read', () => {
  const driven = drive()
  const sink = new Recorder()
  driven.connection.dispatch(get, sink)
  for (const byte of ok) driven.transport.receive(byte)
  expect(sink.lines.filter((line) => line !== 'flush')).toEqual([started, '200 OK', 'end'])
  expect(sink.body).toBe('ok')
  expect(sink.last).toBe('end')
})

describe('a kept connection', () => {
  test('is used again after a look at its socket', async () => {
    const driven = drive()
    warmUp(driven)
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    expect(driven.transport.writes).toHaveLength(1)
    await nextTurn()
    expect(driven.transport.writes).toHaveLength(2)
    driven.transport.receive(ok)
    expect(sink.last).toBe('end')
    expect(driven.transports).toHaveLength(1)
  })

  for (const [what, spoil] of [
    ['that has received unasked bytes', (driven: ReturnType<typeof drive>) => driven.transport.receive(ok)],
    ['whose upstream has ended it', (driven: ReturnType<typeof drive>) => driven.transport.receiveEnd()],
    ['that broke', (driven: ReturnType<typeof drive>) => driven.transport.break(new Error('reset'))],
  ] as const) {
    test(`${what} while a request waits is replaced before the request is written`, async () => {
      const driven = drive()
      warmUp(driven)
      const sink = new Recorder()
      driven.connection.dispatch(get, sink)
      const kept = driven.transport
      spoil(driven)
      await nextTurn()
      expect(kept.writes).toHaveLength(1)
      expect(driven.transports).toHaveLength(2)
      expect(driven.transport.writes).toHaveLength(1)
      driven.transport.receive(ok)
      expect(sink.lines).toEqual([started, '200 OK', 'end'])
    })

    test(`${what} while it is free is closed`, () => {
      const driven = drive()
      warmUp(driven)
      spoil(driven)
      expect(driven.events).toEqual(['opened', 'closed'])
      expect(driven.connection.isConnected).toBe(false)
    })
  }

  test('is closed after its idle time, or earlier if the upstream names a time', () => {
    const driven = drive({ idleMs: 5_000 })
    warmUp(driven)
    driven.pass(4_900)
    expect(driven.transport.isClosed).toBe(false)
    driven.pass(200)
    expect(driven.transport.isClosed).toBe(true)
    const hinted = drive({ idleMs: 60_000 })
    hinted.connection.dispatch(get, new Recorder())
    hinted.transport.receive('HTTP/1.1 204 No\r\nKeep-Alive: timeout=3\r\n\r\n')
    hinted.pass(1_100)
    expect(hinted.transport.isClosed).toBe(true)
  })

  test('is probed once it was idle for some seconds', () => {
    const driven = drive({ idleMs: 60_000 })
    warmUp(driven)
    driven.pass(4_900)
    expect(driven.transport.hasKeepAlive).toBe(false)
    driven.pass(200)
    expect(driven.transport.hasKeepAlive).toBe(true)
  })
})

describe('a connection is closed after', () => {
  for (const [what, response, method] of [
    ['a response with more bytes behind it', `${ok}x`, 'GET'],
    ['Connection: close', ok.replace('OK\r\n', 'OK\r\nConnection: close\r\n'), 'GET'],
    ['HTTP/1.0', ok.replace('1.1', '1.0'), 'GET'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'HEAD'],
  ] as const) {
    test(what, () => {
      const driven = drive()
      const sink = new Recorder()
      driven.connection.dispatch({ ...get, method }, sink)
      driven.transport.receive(response)
      expect(sink.last).toBe('end')
      expect(driven.events).toEqual(['opened', 'closed'])
    })
  }
})

describe('the response deadline', () => {
  test('covers the whole head, however it drips', () => {
    const driven = drive({ responseMs: 100 })
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    const head = 'HTTP/1.1 200 OK\r\nX-Long: abcdefghijklmnopqrstuvwxyz\r\n\r\n'
    for (const byte of head.slice(0, 14)) {
      driven.transport.receive(byte)
      driven.pass(10)
    }
    expect(sink.last).toBe('failed UPSTREAM_TIMEOUT')
    expect(driven.transport.isClosed).toBe(true)
  })

  test('counts again from an informational response, and between two reads of the body', () => {
    const driven = drive({ responseMs: 100 })
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    for (const text of ['HTTP/1.1 102 P\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'a', 'b']) {
      driven.pass(80)
      driven.transport.receive(text)
    }
    expect(sink.body).toBe('ab')
    driven.pass(130)
    expect(sink.last).toBe('failed UPSTREAM_TIMEOUT')
  })

  test('does not run while the client is behind', () => {
    const driven = drive({ responseMs: 100 })
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    driven.transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
    driven.connection.pause()
    expect(driven.transport.isPaused).toBe(true)
    driven.pass(1_000)
    driven.connection.resume()
    expect(driven.transport.isPaused).toBe(false)
    driven.transport.receive('bc')
    expect(sink.last).toBe('end')
  })
})

describe('an informational response', () => {
  for (const status of [100, 102, 103, 104, 199]) {
    test(`with status ${status} is passed on, and the answer follows`, () => {
      const driven = drive()
      const sink = new Recorder()
      driven.connection.dispatch(get, sink)
      driven.transport.receive(`HTTP/1.1 ${status} Caf\xe9\r\n\r\n${ok}`)
      expect(sink.lines).toEqual([started, `${status} Caf\xe9`, '200 OK', 'end'])
    })
  }

  test('with status 101 is a fault, as nothing asked for it', () => {
    const driven = drive()
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    driven.transport.receive('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')
    expect(sink.last).toBe('failed UPSTREAM_BROKEN')
  })
})

describe('a failure', () => {
  test('before any byte of the response keeps its cause, so that the request may be repeated', () => {
    const driven = drive()
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    driven.transport.break(Object.assign(new Error('broken'), { code: 'EPIPE' }))
    expect(sink.last).toBe('failed EPIPE')
    const ended = new Recorder()
    driven.connection.dispatch(get, ended)
    driven.transport.receiveEnd()
    expect(ended.last).toBe('failed ECONNRESET')
  })

  test('within the response is UPSTREAM_BROKEN', () => {
    const driven = drive()
    const sink = new Recorder()
    driven.connection.dispatch(get, sink)
    driven.transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
    driven.transport.receiveEnd()
    expect(sink.last).toBe('failed UPSTREAM_BROKEN')
  })

  test('of the sink ends the exchange with its error', () => {
    const driven = drive()
    const sink = new Recorder()
    sink.responseStarted = () => {
      throw Object.assign(new Error('no'), { code: 'NO' })
    }
    driven.connection.dispatch(get, sink)
    driven.transport.receive(ok)
    expect(sink.last).toBe('failed NO')
    expect(driven.transport.isClosed).toBe(true)
  })

  test('to write the request does not open a connection', () => {
    const driven = drive()
    const sink = new Recorder()
    driven.connection.dispatch({ ...get, fields: ['X-A', '1\r\n2'] }, sink)
    expect(sink.lines).toEqual(['failed BAD_REQUEST'])
    expect(driven.transports).toHaveLength(0)
  })
})

test('a response without framing ends with its connection', () => {
  const driven = drive()
  const sink = new Recorder()
  driven.connection.dispatch(get, sink)
  driven.transport.receive('HTTP/1.1 200 OK\r\n\r\nall')
  driven.transport.receiveEnd()
  expect(sink.body).toBe('all')
  expect(sink.last).toBe('end')
  expect(driven.events).toEqual(['opened', 'closed'])
})

test('a closed connection tells its sink nothing more', () => {
  const driven = drive()
  const sink = new Recorder()
  driven.connection.dispatch(get, sink)
  driven.connection.close()
  driven.transport.receive(ok)
  driven.transport.break()
  expect(sink.lines).toEqual([started])
  expect(driven.events).toEqual(['opened', 'closed'])
})
