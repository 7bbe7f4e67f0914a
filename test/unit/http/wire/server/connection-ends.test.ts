import { describe, expect, test } from 'vitest'
import { DrivenServer, kept, last, type Served } from '../../../../kit/engine/driven-server.ts'

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
const wait = () => {}

describe('the FIN of a client', () => {
  test('before any byte closes the connection', () => {
    const server = new DrivenServer()
    server.transport.receiveEnd()
    expect([server.log, server.transport.isClosed]).toEqual([[], true])
  })

  test('within a head is an abort', () => {
    const server = new DrivenServer()
    server.send(get.slice(0, 9))
    server.transport.receiveEnd()
    expect([server.log, server.transport.isClosed]).toEqual([['rejected CLIENT_ABORTED'], true])
  })

  test('within a body is an abort', () => {
    const server = new DrivenServer()
    server.send(`${post}a`)
    server.transport.receiveEnd()
    expect(server.transport.isClosed).toBe(true)
    server.transport.break()
    expect(server.log).toEqual(['POST /', 'cut off', 'fault'])
  })

  test('behind a body that is not read yet lets the request finish', () => {
    const server = new DrivenServer(wait)
    server.receive(`${post}abc`)
    server.transport.receiveEnd()
    const { latest } = server
    latest.request.readBody(latest)
    latest.answer()
    expect([server.log, server.transport.written]).toEqual([['POST /', 'body abc', 'answered'], last])
    expect(server.transport.isClosed).toBe(true)
  })

  test('while a request is answered ends the connection after the answer', () => {
    const server = new DrivenServer(wait)
    server.send(get)
    server.transport.receiveEnd()
    expect(server.transport.isClosed).toBe(false)
    server.latest.answer()
    expect([server.log, server.transport.written]).toEqual([['GET /', 'answered'], last])
    expect(server.transport.isClosed).toBe(true)
  })

  test('behind pipelined requests ends the connection after the last answer', () => {
    const server = new DrivenServer()
    server.receive(get.repeat(3))
    server.transport.receiveEnd()
    server.turns.pollAll()
    expect(server.transport.written).toBe(kept + kept + last)
    expect(server.transport.isClosed).toBe(true)
  })

  test('behind a pipelined part of a head is an abort after the answers', () => {
    const server = new DrivenServer()
    server.receive(get + get + get.slice(0, 9))
    server.transport.receiveEnd()
    server.turns.pollAll()
    expect(server.log.slice(-2)).toEqual(['answered', 'rejected CLIENT_ABORTED'])
    expect(server.transport.isClosed).toBe(true)
  })
})

describe('a client that leaves', () => {
  test('while it is idle, is not reported', () => {
    const server = new DrivenServer()
    server.send(get)
    server.transport.break()
    expect(server.log).toEqual(['GET /', 'body ', 'answered'])
  })

  test('within a head, is reported', () => {
    const server = new DrivenServer()
    server.send(get.slice(0, 9))
    server.transport.break()
    expect(server.log).toEqual(['rejected CLIENT_ABORTED'])
  })

  test('cuts its response off, and its callbacks run once', () => {
    const server = new DrivenServer(wait)
    server.send(get)
    const { response } = server.latest
    let runs = 0
    const done = () => {
      runs += 1
    }
    response.sendHead(200, undefined, [])
    server.transport.pendingBytes = 1
    response.write('a', done)
    response.end('b', done)
    expect(runs).toBe(0)
    server.transport.break()
    response.end('c', done)
    expect([runs, server.log, response.isComplete]).toEqual([3, ['GET /', 'cut off'], false])
  })

  test('during the last write, has not been answered', () => {
    const server = new DrivenServer(wait)
    server.send(get)
    // Nothing is pending on a transport that has failed.
    server.transport.isClosed = true
    server.latest.answer()
    expect(server.log).toEqual(['GET /'])
    server.transport.break()
    expect([server.log, server.latest.response.isComplete]).toEqual([['GET /', 'cut off'], false])
  })

  test('within a tunnel set-up, is left to the next owner', () => {
    const server = new DrivenServer()
    server.send('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
    server.transport.break()
    expect(server.log).toEqual(['taken CONNECT a:1'])
  })
})

describe('the callbacks of a response run once', () => {
  function begin() {
    const server = new DrivenServer(wait)
    server.send(get)
    const runs: string[] = []
    server.latest.response.sendHead(200, undefined, ['Date', 'x'])
    server.transport.pendingBytes = 1
    return {
      server,
      response: server.latest.response,
      runs,
      ran: (name: string) => () => void runs.push(name),
    }
  }

  test('when everything has left', () => {
    const { server, response, runs, ran } = begin()
    response.write('a', ran('a'))
    response.end('b', ran('b'))
    server.transport.pendingBytes = 0
    server.transport.drain()
    expect([runs, server.log]).toEqual([
      ['a', 'b'],
      ['GET /', 'answered'],
    ])
  })

  test('if one of them writes the rest, which is waited for too', () => {
    const { server, response, runs, ran } = begin()
    response.write('a', () => {
      server.transport.pendingBytes = 1
      response.end('b', ran('b'))
    })
    server.transport.pendingBytes = 0
    server.transport.drain()
    expect([runs, response.isComplete]).toEqual([[], false])
    server.transport.pendingBytes = 0
    server.transport.drain()
    expect([runs, response.isComplete]).toEqual([['b'], true])
  })

  test('if the kernel has taken all before the transport reports it', () => {
    const { server, response, runs, ran } = begin()
    response.write('a', ran('a'))
    server.transport.pendingBytes = 0
    response.end()
    server.transport.drain()
    expect([runs, server.log]).toEqual([['a'], ['GET /', 'answered']])
  })
})

describe('a response', () => {
  const respond = (request: string, status: number, fields: string[], body: string) => {
    const server = new DrivenServer((one: Served) => {
      one.response.sendHead(status, 'R', ['Date', 'x', ...fields])
      one.response.end(body)
    })
    server.send(request)
    return server
  }
  const alive = 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n'

  test.each([
    ['to HEAD', get.replace('GET', 'HEAD'), 200, ['Content-Length', '2'], 'Content-Length: 2\r\n'],
    ['204', get, 204, [], ''],
    ['304', get, 304, ['Content-Length', '2'], 'Content-Length: 2\r\n'],
  ])('%s has no body, and the connection goes on', (_, request, status, fields, written) => {
    const server = respond(request, status, fields, 'ok')
    expect(server.transport.written).toBe(`HTTP/1.1 ${status} R\r\nDate: x\r\n${written}${alive}`)
    expect(server.connection.isWaiting).toBe(true)
  })

  test('to HTTP/1.0 without a length ends with the connection', () => {
    const server = respond('GET / HTTP/1.0\r\n\r\n', 200, [], 'ok')
    expect(server.transport.written).toBe('HTTP/1.1 200 R\r\nDate: x\r\nConnection: close\r\n\r\nok')
    expect(server.transport.isClosed).toBe(true)
  })

  test('to HTTP/1.0 with a length lets a connection go on that is to be kept', () => {
    const server = respond(
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      200,
      ['Content-Length', '2'],
      'ok',
    )
    expect(server.transport.written).toContain(alive)
    expect(server.connection.isWaiting).toBe(true)
  })

  test.each([
    ['longer', 'abc'],
    ['shorter', 'a'],
  ])('%s than its length is cut off', (_, body) => {
    const server = respond(get, 200, ['Content-Length', '2'], body)
    expect([server.transport.isClosed, server.transport.written]).toEqual([true, ''])
    server.transport.break()
    expect(server.log).toEqual(['GET /', 'cut off'])
  })
})
