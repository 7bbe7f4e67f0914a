import { describe, expect, test } from 'vitest'
import { DrivenServer, echo, kept, type Served } from '../../../../kit/engine/driven-server.ts'

const get = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (...fields: string[]) => `POST / HTTP/1.1\r\nHost: a\r\n${fields.join('\r\n')}\r\n\r\n`
const next = ['GET /next', 'body ', 'answered']

/** Stops reading after every piece. */
function readSlowly(one: Served): void {
  one.onPiece = () => one.request.pauseBody()
  echo(one)
}

describe('a body whose sink pauses', () => {
  test('is not read any further until it resumes', () => {
    const server = new DrivenServer(readSlowly)
    server.receive(`${post('Content-Length: 6')}abc`)
    expect([server.latest.body, server.transport.isPaused]).toEqual(['abc', true])
    server.latest.request.resumeBody()
    expect(server.transport.isPaused).toBe(false)
    server.send('def')
    expect(server.log).toEqual(['POST /', 'body abcdef', 'answered'])
  })

  test('keeps what the system had read already', () => {
    const server = new DrivenServer(readSlowly)
    server.receive(`${post('Transfer-Encoding: chunked')}3\r\nabc\r\n`)
    server.transport.receive('3\r\ndef\r\n0\r\n\r\n')
    expect([server.latest.body, server.transport.isPaused]).toEqual(['abc', true])
    server.latest.request.resumeBody()
    expect(server.log).toEqual(['POST /', 'body abcdef', 'answered'])
    expect(server.transport.isPaused).toBe(false)
  })

  test('is followed by the next request', () => {
    const server = new DrivenServer((one) => (one.request.hasBody ? readSlowly(one) : echo(one)))
    server.receive(`${post('Content-Length: 6')}abc`)
    server.transport.receive(`def${get}`)
    server.latest.request.resumeBody()
    server.turns.pollAll()
    expect(server.log).toEqual(['POST /', 'body abcdef', 'answered', ...next])
  })
})

describe('the rest of a body that was answered early', () => {
  const early = (one: Served) => one.answer()

  test.each([
    ['with a length', 'Content-Length: 6', ['abc', 'def']],
    ['in chunks', 'Transfer-Encoding: chunked', ['3\r\nab', 'c\r\n3\r\ndef\r\n0\r\n\r\n']],
  ])('is read and thrown away, %s', (_, field, pieces) => {
    const server = new DrivenServer((one) => (one.request.hasBody ? early(one) : echo(one)))
    server.send(post(field))
    expect([server.log, server.transport.written]).toEqual([['POST /', 'answered'], kept])
    for (const piece of pieces) server.send(piece)
    expect(server.connection.isWaiting).toBe(true)
    server.send(get)
    expect(server.log).toEqual(['POST /', 'answered', ...next])
  })

  test('in the same packet is followed by the next request', () => {
    const server = new DrivenServer((one) => (one.request.hasBody ? early(one) : echo(one)))
    server.send(`${post('Content-Length: 6')}abcdef${get}`)
    expect(server.log).toEqual(['POST /', 'answered', ...next])
  })

  test('reaches no sink', () => {
    const server = new DrivenServer((one) => one.request.readBody(one))
    server.send(`${post('Content-Length: 6')}abc`)
    server.latest.answer()
    server.send('def')
    expect([server.latest.body, server.log]).toEqual(['abc', ['POST /', 'answered']])
  })

  test('ends the connection if its framing is broken', () => {
    const server = new DrivenServer(early)
    server.send(post('Transfer-Encoding: chunked'))
    server.send('x\r\n')
    expect([server.log, server.transport.isEnded]).toEqual([['POST /', 'answered'], true])
  })

  test('ends the connection if the client leaves within it', () => {
    const server = new DrivenServer(early)
    server.send(`${post('Content-Length: 6')}abc`)
    server.transport.receiveEnd()
    expect([server.log, server.transport.isClosed]).toEqual([['POST /', 'answered'], true])
  })

  test('is the last that is read of a connection that was retired meanwhile', () => {
    const server = new DrivenServer(early)
    server.send(`${post('Content-Length: 6')}abc`)
    server.connection.retire()
    expect(server.transport.isEnded).toBe(false)
    server.send('def')
    expect(server.transport.isEnded).toBe(true)
  })

  test('is not waited for if the answer ends the connection', () => {
    const server = new DrivenServer((one) => {
      one.response.keepsAlive = false
      one.answer()
    })
    server.send(post('Content-Length: 6'))
    expect(server.transport.isEnded).toBe(true)
    server.transport.receive('abcdef')
    expect(server.log).toEqual(['POST /', 'answered'])
  })
})

describe('a client that waits for a 100', () => {
  const fields = ['Content-Length: 3', 'Expect: 100-continue']

  test('loses its connection if it is answered without one', () => {
    const server = new DrivenServer((one) => one.answer())
    server.send(post(...fields))
    expect(server.transport.written).toContain('Connection: close')
    expect([server.log, server.transport.isEnded]).toEqual([['POST /', 'answered'], true])
  })

  test('keeps it after a 100', () => {
    const server = new DrivenServer((one) => {
      one.response.inform(100, undefined, [])
      echo(one)
    })
    server.send(post(...fields))
    expect(server.transport.written).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    server.send('abc')
    expect(server.log).toEqual(['POST /', 'body abc', 'answered'])
    expect(server.connection.isWaiting).toBe(true)
  })

  test('keeps it if it did not wait', () => {
    const server = new DrivenServer()
    server.send(`${post(...fields)}abc${get}`)
    expect(server.log).toEqual(['POST /', 'body abc', 'answered', ...next])
  })
})

describe('a broken chunk', () => {
  test('is reported once, and nothing behind it is read', () => {
    const server = new DrivenServer((one) => one.request.readBody(one))
    // The answer to the fault waits for the client.
    server.transport.pendingBytes = 1
    server.send(`${post('Transfer-Encoding: chunked')}3\r\nabcX`)
    server.send('\n2\r\nde\r\n0\r\n\r\n')
    server.send(get)
    expect([server.latest.body, server.log]).toEqual(['abc', ['POST /', 'malformed']])
    server.transport.pendingBytes = 0
    server.transport.drain()
    expect(server.log).toEqual(['POST /', 'malformed', 'answered'])
    expect([server.transport.isEnded, server.connection.isWaiting]).toEqual([true, false])
  })

  test('breaks a response off that has begun', () => {
    const server = new DrivenServer((one) => {
      one.request.readBody(one)
      one.response.sendHead(200, undefined, [])
      one.response.write('a')
    })
    server.send(`${post('Transfer-Encoding: chunked')}x`)
    expect(server.transport.isClosed).toBe(true)
    server.transport.break()
    expect(server.log).toEqual(['POST /', 'malformed', 'cut off', 'fault'])
  })
})
