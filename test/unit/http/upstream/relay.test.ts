import { describe, expect, test } from 'vitest'
import type { DialTarget } from '../../../../src/http/dial/target.ts'
import type { UpstreamPool } from '../../../../src/http/upstream/pool.ts'
import { nextTurn } from '../../../kit/engine/driven-connection.ts'
import { FakeRequest } from '../../../kit/engine/fake-exchange.ts'
import { FakeTransport } from '../../../kit/engine/fake-transport.ts'
import { poolWith, type Relayed, relay } from '../../../kit/engine/relayed.ts'

const origin = 'http://up.test:80'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A pool whose dials succeed with the next fake transport. */
function fakePool(): { readonly pool: UpstreamPool; readonly transports: FakeTransport[] } {
  const transports: FakeTransport[] = []
  const pool = poolWith({
    dial: (_target: DialTarget, done) => {
      const transport = new FakeTransport()
      transports.push(transport)
      done(null, transport)
      return { giveUp: () => {} }
    },
  })
  return { pool, transports }
}

/** Starts an exchange on a new connection. */
function start(request?: FakeRequest, fields?: readonly string[], maxBodyBytes?: number) {
  const { pool, transports } = fakePool()
  const relayed = relay(pool, origin, fields, request, maxBodyBytes)
  return { ...relayed, pool, transports, transport: transports[0] as FakeTransport }
}

describe('a response', () => {
  test('whose body is whole is one piece with its head', () => {
    const { response, transport, owner, pool } = start()
    transport.receive(ok)
    expect(response.events).toEqual(['head', 'ok', 'end'])
    expect(response).toMatchObject({
      status: 200,
      reason: 'OK',
      fields: ['Content-Length', '2', 'Via', '1.1 test'],
    })
    expect(owner.attempts).toEqual([{ isReused: false, code: null }])
    expect(pool.stats).toEqual({ [origin]: { open: 1, idle: 1 } })
  })

  test('whose body is incomplete is sent after the read', () => {
    const { response, transport } = start()
    transport.receive(ok.slice(0, -2))
    expect(response.events).toEqual(['head'])
    transport.receive('o')
    expect(response.events).toEqual(['head', 'o'])
    transport.receive('k')
    expect(response.events).toEqual(['head', 'o', 'k', 'end'])
  })

  test('stops the upstream while the client is behind', () => {
    const { response, transport } = start()
    response.isFull = true
    transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
    expect(transport.isPaused).toBe(true)
    response.source?.drained()
    expect(transport.isPaused).toBe(false)
    transport.receive('bc')
    expect(response.body).toBe('abc')
  })

  test('has the trailers of the upstream that may be forwarded', () => {
    const { response, transport } = start()
    transport.receive('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 7\r\nHost: a\r\n\r\n')
    expect(response.trailers).toEqual(['X-Sum', '7'])
  })

  test('with status 204 has no Content-Length', () => {
    const { response, transport } = start()
    transport.receive('HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n')
    expect(response.get('content-length')).toBeUndefined()
  })

  test('with another transfer coding is a 502', () => {
    const { response, transport } = start()
    transport.receive('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n')
    expect(response.status).toBe(502)
    expect(transport.isClosed).toBe(true)
  })

  test('ends its connection while everything is being closed', () => {
    const { response, transport, owner } = start()
    owner.closing = true
    transport.receive(ok)
    expect(response.keepsAlive).toBe(false)
  })

  for (const [what, version, keepsAlive, connection] of [
    ['HTTP/1.1', 11, true, 'Upgrade'],
    ['HTTP/1.0', 10, false, 'close, Upgrade'],
  ] as const) {
    test(`with status 426 offers its protocols to ${what}`, () => {
      const request = new FakeRequest()
      request.version = version
      const { response, transport } = start(request)
      transport.receive('HTTP/1.1 426 Up\r\nUpgrade: a\r\nUpgrade: b\r\nContent-Length: 0\r\n\r\n')
      expect(response.get('upgrade')).toBe('a, b')
      expect(response.get('connection')).toBe(connection)
      expect(response.keepsAlive).toBe(keepsAlive)
    })
  }

  test('that is cut off breaks the client off too, once its head was sent', () => {
    const { response, transport, owner } = start()
    transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
    transport.break(new Error('reset'))
    expect(response.isAborted).toBe(true)
    expect(owner.failure).toBe('UPSTREAM_BROKEN')
  })
})

test('a connection that is kept writes its next request without delay', () => {
  const { transport } = start()
  expect(transport.hasNoDelay).toBe(false)
  transport.receive(ok)
  expect(transport.hasNoDelay).toBe(true)
})

describe('informational responses', () => {
  const early = (status: number) => `HTTP/1.1 ${status} Early\r\nLink: a\r\n\r\n`

  test('are passed on, an unasked 100 and unknown ones included', () => {
    const { response, transport } = start()
    for (const status of [100, 102, 103, 104, 199]) transport.receive(early(status))
    transport.receive(ok)
    expect(response.events.slice(0, -3)).toEqual(
      [100, 102, 103, 104, 199].map((status) => `${status} Early Link a Via 1.1 test`),
    )
  })

  test('are not sent to HTTP/1.0', () => {
    const request = new FakeRequest()
    request.version = 10
    const { response, transport } = start(request)
    transport.receive(early(103) + ok)
    expect(response.events).toEqual(['head', 'ok', 'end'])
  })

  test('of more than 16 are a 502', () => {
    const { response, transport } = start()
    transport.receive(early(103).repeat(17))
    expect(response.status).toBe(502)
    expect(response.events.filter((event) => event.startsWith('103'))).toHaveLength(16)
    expect(transport.isClosed).toBe(true)
  })
})

describe('a kept connection that breaks before it answers', () => {
  /** Runs one exchange, starts a second one on the kept connection, and breaks that. */
  async function breakKept(request: FakeRequest, fields: readonly string[] = []) {
    const { pool, transports } = fakePool()
    relay(pool, origin)
    transports[0]?.receive(ok)
    const relayed: Relayed = relay(pool, origin, fields, request)
    await nextTurn()
    expect(transports[0]?.writes).toHaveLength(2)
    transports[0]?.break(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
    return { ...relayed, transports }
  }

  test('is replaced for an idempotent request', async () => {
    const { transports, response, owner } = await breakKept(new FakeRequest('PUT'))
    expect(transports).toHaveLength(2)
    transports[1]?.receive(ok)
    expect(response.status).toBe(200)
    expect(owner.attempts).toEqual([
      { isReused: true, code: 'UPSTREAM_BROKEN' },
      { isReused: false, code: null },
    ])
  })

  test('is a 502 for any other request, and for one with a body', async () => {
    for (const request of [new FakeRequest('POST'), new FakeRequest('PUT', [], true)]) {
      const { transports, response, owner } = await breakKept(request)
      expect(transports).toHaveLength(1)
      expect(response.status).toBe(502)
      expect(owner.failure).toBe('UPSTREAM_BROKEN')
    }
  })
})

test('a new connection that breaks before it answers is a 502', () => {
  const { response, transport, transports } = start()
  transport.break(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  expect(transports).toHaveLength(1)
  expect(response.status).toBe(502)
})

test('a client that leaves ends the upstream connection', () => {
  const { relay: running, transport, pool, owner } = start()
  running.clientClosed()
  expect(transport.isClosed).toBe(true)
  expect(pool.stats).toEqual({})
  expect(owner.attempts).toEqual([{ isReused: false, code: 'CLIENT_ABORTED' }])
})

test('a body that is too large is refused before an answer, and breaks the response off after one', () => {
  const fields = ['Host', 'a']
  for (const isAnswered of [false, true]) {
    const request = new FakeRequest('POST', [], true)
    const { response, owner, transport } = start(request, fields, 4)
    if (isAnswered) transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
    request.send('12345')
    expect(owner.failure).toBe('BODY_TOO_LARGE')
    expect(owner.refusal).toBe(isAnswered ? null : 'BODY_TOO_LARGE')
    expect(response.isAborted).toBe(isAnswered)
    expect(transport.isClosed).toBe(true)
    expect(request.isDiscarded).toBe(true)
  }
})
