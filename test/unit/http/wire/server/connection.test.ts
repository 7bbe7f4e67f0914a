import { describe, expect, test } from 'vitest'
import { DrivenServer, kept, last, type Served } from '../../../../kit/engine/driven-server.ts'
import { DrivenTurns } from '../../../../kit/engine/driven-turns.ts'

const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const post = (fields: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`

const messages = {
  'without a body': { bytes: get(), log: ['GET /', 'body ', 'answered'] },
  'with a length': { bytes: post('Content-Length: 5', 'abcde'), log: ['POST /', 'body abcde', 'answered'] },
  'in chunks, with a trailer': {
    bytes: post('Transfer-Encoding: chunked', '3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-T: t\r\n\r\n'),
    log: ['POST /', 'body abcde X-T t', 'answered'],
  },
  'behind an empty line': { bytes: `\r\n${get('/b')}`, log: ['GET /b', 'body ', 'answered'] },
}

describe.each(Object.entries(messages))('a request %s', (_, { bytes, log }) => {
  test('is read however it is split', () => {
    for (let at = 1; at < bytes.length; at += 1) {
      const server = new DrivenServer()
      server.send(bytes.slice(0, at))
      server.send(bytes.slice(at))
      expect([at, server.log, server.transport.written]).toEqual([at, log, kept])
    }
  })

  test('is read in single bytes, together with the next one', () => {
    const server = new DrivenServer()
    for (const byte of bytes + bytes) server.send(byte)
    expect(server.log).toEqual([...log, ...log])
    expect(server.connection.usedBytes).toBe(2 * bytes.length)
  })

  test('is read in one packet with others', () => {
    const server = new DrivenServer()
    server.send(bytes.repeat(20))
    expect(server.log).toEqual(Array(20).fill(log).flat())
    expect(server.transport.written).toBe(kept.repeat(20))
    expect(server.connection.usedBytes).toBe(20 * bytes.length)
  })

  test('is read by its handler when that has time', () => {
    const server = new DrivenServer(() => {})
    server.send(bytes)
    const { latest } = server
    latest.request.readBody(latest)
    latest.answer()
    server.turns.pollAll()
    expect(server.log).toEqual(log)
    expect(server.connection.isWaiting).toBe(true)
  })
})

describe('pipelined requests', () => {
  test('wait for the answer of the one before', () => {
    const server = new DrivenServer(() => {})
    server.send(get('/a') + get('/b'))
    expect(server.log).toEqual(['GET /a'])
    server.latest.answer()
    expect(server.log).toEqual(['GET /a', 'answered'])
    server.turns.pollAll()
    expect(server.log).toEqual(['GET /a', 'answered', 'GET /b'])
  })

  test('wait until the answer before has left', () => {
    const server = new DrivenServer()
    server.transport.pendingBytes = 1
    server.send(get('/a') + get('/b'))
    expect(server.log).toEqual(['GET /a', 'body '])
    server.transport.pendingBytes = 0
    server.transport.drain()
    server.turns.pollAll()
    expect(server.log).toEqual(['GET /a', 'body ', 'answered', 'GET /b', 'body ', 'answered'])
  })

  test('are not read behind one that ends the connection', () => {
    const server = new DrivenServer()
    server.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${get('/b')}`)
    expect(server.log).toEqual(['GET /', 'body ', 'answered'])
    expect([server.transport.written, server.transport.isClosed]).toEqual([last, true])
  })

  test('are at most eight in a turn', () => {
    const server = new DrivenServer()
    server.receive(get().repeat(30))
    const counts = [server.served.length]
    while (!server.turns.isIdle) {
      server.turns.poll()
      counts.push(server.served.length)
    }
    expect(counts).toEqual([1, 9, 17, 25, 30])
  })

  test('of two connections are served in turn', () => {
    const turns = new DrivenTurns()
    const order: string[] = []
    const note = (one: Served) => {
      order.push(one.request.target)
      one.answer()
    }
    const [first, second] = [new DrivenServer(note, turns), new DrivenServer(note, turns)]
    first.receive(get('/1').repeat(4))
    second.receive(get('/2').repeat(3))
    turns.pollAll()
    expect(order).toEqual(['/1', '/1', '/2', '/1', '/2', '/1', '/2'])
  })

  test('of a connection that has closed are not served', () => {
    const server = new DrivenServer()
    server.receive(get().repeat(3))
    expect(server.turns.waiting).toBe(1)
    server.transport.break()
    server.turns.pollAll()
    expect([server.served.length, server.turns.waiting]).toEqual([1, 0])
    expect(server.log).toEqual(['GET /', 'body ', 'answered', 'rejected CLIENT_ABORTED'])
  })

  test('of a connection that is about to close are not served', () => {
    const server = new DrivenServer()
    server.receive(get().repeat(3))
    server.transport.close()
    server.turns.pollAll()
    expect(server.served.length).toBe(1)
  })
})

describe('bytes that cannot be used yet', () => {
  const tail = (bytes: number) =>
    get('/tail')
      .repeat(Math.ceil(bytes / get('/tail').length))
      .slice(0, bytes)

  test('stop the reading at 64 KiB, and let it go on below', () => {
    const server = new DrivenServer(() => {})
    server.receive(get())
    server.receive(tail(64 * 1024 - 1))
    expect(server.transport.isPaused).toBe(false)
    server.receive('G')
    expect(server.transport.isPaused).toBe(true)
    server.latest.answer()
    server.turns.poll()
    expect(server.transport.isPaused).toBe(false)
    expect(server.served.length).toBe(2)
  })

  test('are a body that its handler does not read yet; one read of it is enough', () => {
    const server = new DrivenServer(() => {})
    server.receive(post('Content-Length: 9', ''))
    expect(server.transport.isPaused).toBe(false)
    server.receive('abc')
    expect(server.transport.isPaused).toBe(true)
    server.latest.request.readBody(server.latest)
    expect([server.transport.isPaused, server.latest.body]).toEqual([false, 'abc'])
    server.send('defghi')
    expect(server.log.at(-1)).toBe('body abcdefghi')
  })

  test('tell later requests how long they waited', () => {
    const server = new DrivenServer(() => {})
    server.send(get('/a') + get('/b'))
    expect(server.latest.request.waitedMs).toBe(0)
    server.latest.answer()
    server.turns.pollAll()
    expect(server.latest.request.target).toBe('/b')
    expect(server.latest.request.waitedMs).toBeGreaterThan(0)
  })
})
