import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { ConnectionLimit } from '../../../../src/admin/gate/connection-limit.ts'
import { bounds } from '../../../../src/admin/server.ts'

function limited(max: number) {
  let now = 0
  const limit = new ConnectionLimit({ max, patienceMs: 10_000, now: () => now })
  const connect = () => {
    const connection = new PassThrough()
    return { connection, isIn: limit.enter(connection) }
  }
  const enter = () => connect().connection
  return { limit, connect, enter, pass: (ms: number) => (now += ms) }
}

const closed = (connections: readonly PassThrough[]) => connections.map(({ destroyed }) => destroyed)

test('a new connection replaces the one that has been silent longest', () => {
  const { limit, enter } = limited(3)
  const [a, b, c, d] = [enter(), enter(), enter(), enter()]
  expect(closed([a, b, c, d])).toEqual([true, false, false, false])
  expect(limit.size).toBe(3)
})

test('a connection counts as silent again after its last response', () => {
  const { limit, enter } = limited(2)
  const [a, b] = [enter(), enter()]
  limit.begin(a)
  limit.begin(a)
  limit.end(a)
  enter()
  expect(closed([a, b])).toEqual([false, true])
  limit.end(a)
  enter()
  expect(a.destroyed).toBe(false)
  enter()
  expect(a.destroyed).toBe(true)
})

test('while every connection has a request, a new one is refused until a request takes too long', () => {
  const { limit, enter, connect, pass } = limited(2)
  const [a, b] = [enter(), enter()]
  limit.begin(a)
  pass(5_000)
  limit.begin(b)
  pass(5_000)
  expect(connect().isIn).toBe(true)
  expect(closed([a, b])).toEqual([true, false])
  const { connection, isIn } = connect()
  expect(isIn).toBe(true)
  limit.begin(connection)
  expect(connect().isIn).toBe(false)
})

test('an event stream is never replaced', () => {
  const { limit, enter, connect, pass } = limited(1)
  const stream = enter()
  limit.begin(stream)
  limit.stream(stream)
  pass(1e6)
  expect(connect().isIn).toBe(false)
  expect(stream.destroyed).toBe(false)
})

test('a closed connection frees its slot, and close ends all connections', async () => {
  const { limit, enter } = limited(2)
  const [a, b] = [enter(), enter()]
  await new Promise((resolve) => a.once('close', resolve).destroy())
  expect(limit.size).toBe(1)
  limit.close()
  expect(b.destroyed).toBe(true)
})

test('a connection that sends no request head is closed within 5 s', () => {
  expect(bounds.headersTimeout + bounds.connectionsCheckingInterval).toBeLessThanOrEqual(5_000)
})
