import { afterEach, describe, expect, test } from 'vitest'
import { detach, transportOf } from '../../../../../src/http/transport/transport-of.ts'
import { ServerConnection } from '../../../../../src/http/wire/server/connection.ts'
import { DrivenServer } from '../../../../kit/engine/driven-server.ts'
import { closePairs, connectPair } from '../../../../kit/transports/pairs.ts'
import { until } from '../../../../kit/waiting/until.ts'

afterEach(closePairs)

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const connect = 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'
const upgrade = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'

describe.each([
  ['CONNECT', connect, 'taken CONNECT a:1'],
  ['an upgrade', upgrade, 'taken GET /ws'],
])('%s', (_, head, taken) => {
  test('gives its early bytes to the next owner, however it is split', () => {
    const bytes = `${head}early`
    for (let at = 1; at < bytes.length; at += 1) {
      const server = new DrivenServer()
      server.send(bytes.slice(0, at))
      server.send(bytes.slice(at))
      expect([at, server.log, String(server.connection.release())]).toEqual([at, [taken], 'early'])
    }
  })

  test('gives them behind pipelined requests, also if the next owner takes its time', () => {
    const server = new DrivenServer()
    server.send(`${get}${get}${head}early`)
    server.send(' and late')
    expect(server.log.at(-1)).toBe(taken)
    expect(server.connection.usedBytes).toBe(2 * get.length + head.length)
    expect(String(server.connection.release())).toBe('early and late')
  })

  test('is read no further than 64 KiB until it has its next owner', () => {
    const server = new DrivenServer()
    server.receive(head)
    server.receive('x'.repeat(64 * 1024))
    expect(server.transport.isPaused).toBe(true)
    expect(server.connection.release()?.length).toBe(64 * 1024)
  })

  test('without early bytes gives none', () => {
    const server = new DrivenServer()
    server.send(get + head)
    expect(server.connection.release()).toBe(null)
  })
})

describe('a head that is late', () => {
  test('is refused, and the client is still read for a moment', () => {
    const server = new DrivenServer()
    server.send(get.slice(0, 9))
    expect([server.connection.isWaiting, server.connection.hasBegun]).toEqual([true, true])
    server.connection.refuse('REQUEST_TIMEOUT')
    expect([server.log, server.transport.written]).toEqual([
      ['rejected REQUEST_TIMEOUT'],
      '<REQUEST_TIMEOUT>',
    ])
    server.transport.receive(get.slice(9))
    expect([server.served.length, server.transport.isEnded, server.transport.isClosed]).toEqual([
      0,
      true,
      false,
    ])
    server.clock.pass(1_000)
    expect(server.transport.isClosed).toBe(true)
  })

  test('is not refused once the request runs', () => {
    const server = new DrivenServer(() => {})
    server.send(get)
    server.connection.refuse('REQUEST_TIMEOUT')
    expect([server.log, server.transport.written]).toEqual([['GET /'], ''])
  })

  test('behind others is refused if it is invalid, and nothing behind it is read', () => {
    const server = new DrivenServer()
    server.send(`${get}G@T / HTTP/1.1\r\n\r\n${get}`)
    expect(server.log).toEqual(['GET /', 'body ', 'answered', 'rejected BAD_REQUEST'])
    expect(server.transport.written.endsWith('<BAD_REQUEST>')).toBe(true)
  })
})

describe('a retired connection', () => {
  test('ends at once if it is idle', () => {
    const server = new DrivenServer()
    server.send(get)
    server.connection.retire()
    expect(server.transport.isEnded).toBe(true)
  })

  test('ends at once if it has waited too long', () => {
    const server = new DrivenServer()
    server.connection.expire()
    expect(server.transport.isEnded).toBe(true)
  })

  test('waits for its first request', () => {
    const server = new DrivenServer()
    server.connection.retire()
    expect(server.transport.isClosed).toBe(false)
  })

  test('ends after the running request', () => {
    const server = new DrivenServer(() => {})
    server.send(get)
    server.connection.retire()
    server.latest.answer()
    expect(server.transport.written).toContain('Connection: close')
    expect(server.transport.isEnded).toBe(true)
  })

  test('serves a further request that has begun', () => {
    const server = new DrivenServer()
    server.send(get + get.slice(0, 9))
    server.connection.retire()
    server.send(get.slice(9))
    expect(server.served.length).toBe(2)
  })
})

test('bytes that wait for their turn are given away with their connection', async () => {
  const { transport, peer } = await connectPair({ way: 'socket', over: 'TCP' })
  const server = new DrivenServer()
  server.turns.wait({ proceed: () => {} })
  const settings = {
    heads: { maxHeadBytes: 1_000, maxFields: 100, maxTargetBytes: 500 },
    keepAliveSecs: 5,
    turns: server.turns,
    closer: null as never,
    takesOver: () => false,
  }
  const connection = new ServerConnection(transport, settings, server)
  peer.write(get)
  await until('the request has arrived', () => connection.hasBegun)
  const given = connection.detach()
  expect([String(given?.unread), connection.detach()]).toEqual([get, null])
  server.turns.pollAll()
  expect(server.served.length).toBe(0)
  if (given !== null) transportOf(given.socket, given.unread).close()
  expect(detach(transport)).toBe(null)
})
