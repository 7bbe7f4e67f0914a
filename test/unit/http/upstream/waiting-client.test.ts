import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { transportOf } from '../../../../src/http/transport/transport-of.ts'
import { WaitingClient } from '../../../../src/http/upstream/waiting-client.ts'
import { DrivenClock } from '../../../kit/clients/driven-clock.ts'

const nothing = Buffer.alloc(0)

/** A client and the transport of its connection, which a WaitingClient has taken over. */
async function build(early = nothing, halfClosedMs = 0) {
  let accepted: (socket: Socket) => void = () => {}
  const near = new Promise<Socket>((resolve) => {
    accepted = resolve
  })
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => accepted(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  client.on('error', () => {})
  const transport = transportOf(await near)
  const clock = new DrivenClock()
  const heard = { left: 0 }
  const clientLeft = () => {
    heard.left += 1
  }
  const owner = { clientLeft, clientDrained: () => {} }
  const waiting = new WaitingClient(transport, early, owner, clock, halfClosedMs)
  return {
    client,
    transport,
    clock,
    heard,
    waiting,
    [Symbol.dispose]() {
      transport.close()
      client.destroy()
      server.close()
    },
  }
}

const textOf = (pieces: readonly Buffer[]) => Buffer.concat([...pieces]).toString()

test('bytes from before and from the wait are returned in order', async () => {
  using built = await build(Buffer.from('one'))
  built.client.write('two')
  await expect.poll(() => built.transport.bytesRead).toBe(3)
  built.client.write('three')
  await expect.poll(() => built.transport.bytesRead).toBe(8)
  expect(textOf(built.waiting.release())).toBe('onetwothree')
  expect(built.waiting.release()).toEqual([])
})

test('a client that sends more than 64 KiB is held up', async () => {
  using built = await build()
  built.client.write(Buffer.alloc(1024 * 1024))
  await expect.poll(() => built.transport.isPaused).toBe(true)
  const held = textOf(built.waiting.release()).length
  expect(held).toBeGreaterThanOrEqual(64 * 1024)
  expect(held).toBeLessThanOrEqual(128 * 1024)
})

test('a reset of the client is reported once', async () => {
  using built = await build(nothing, 1_000)
  built.client.resetAndDestroy()
  await expect.poll(() => built.heard.left).toBe(1)
  built.clock.pass(10_000)
  expect(built.heard.left).toBe(1)
  expect(built.clock.members.size).toBe(0)
})

test('without a limit a client that has sent FIN is waited for', async () => {
  using built = await build()
  built.client.end()
  await expect.poll(() => built.transport.hasPeerEnded).toBe(true)
  built.clock.pass(600_000)
  expect(built.transport.isClosed).toBe(false)
})

test('with a limit it is closed after that time without a byte', async () => {
  using built = await build(nothing, 2_000)
  built.client.end()
  await expect.poll(() => built.transport.hasPeerEnded).toBe(true)
  built.clock.pass(1_000)
  built.waiting.moved()
  built.clock.pass(1_000)
  expect(built.transport.isClosed).toBe(false)
  built.clock.pass(1_000)
  expect(built.transport.isClosed).toBe(true)
  await expect.poll(() => built.heard.left).toBe(1)
})

test('a released client has no deadline', async () => {
  using built = await build(nothing, 1_000)
  built.client.end()
  await expect.poll(() => built.transport.hasPeerEnded).toBe(true)
  built.waiting.release()
  built.clock.pass(10_000)
  expect(built.transport.isClosed).toBe(false)
})
