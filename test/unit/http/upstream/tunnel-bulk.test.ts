import { expect, test } from 'vitest'
import { TunnelBuffers } from '../../../../src/http/upstream/tunnel-buffers.ts'
import { buildTunnel, type TunnelParts } from '../../../kit/origins/tunnel.ts'
import { hashOf, Sender } from '../../../kit/transports/bulk.ts'
import { until } from '../../../kit/waiting/until.ts'

const mebibyte = 1024 * 1024

async function bothWays(built: TunnelParts, bytes: number): Promise<void> {
  const [up, down] = [new Sender(1, bytes), new Sender(2, bytes)]
  const arrived = [hashOf(built.far, true), hashOf(built.client.socket, true)]
  up.run(built.client.socket)
  down.run(built.far)
  const ticking = setInterval(() => built.clock.pass(0), 5)
  const [atUpstream, atClient] = await Promise.all(arrived)
  clearInterval(ticking)
  expect(atUpstream).toBe(up.hash.digest('hex'))
  expect(atClient).toBe(down.hash.digest('hex'))
  expect(built.counted()).toEqual({ received: bytes, sent: bytes })
  await expect.poll(() => built.ends).toEqual(['done'])
  expect(built.buffers.taken).toBe(0)
}

test('64 MiB each way at once arrive unchanged at slow readers', { timeout: 60_000 }, async () => {
  await using built = await buildTunnel({ idleMs: 60_000 })
  await bothWays(built, 64 * mebibyte)
})

test('without a free buffer bytes are copied and arrive unchanged', { timeout: 60_000 }, async () => {
  await using built = await buildTunnel({ idleMs: 60_000, buffers: new TunnelBuffers(0, 0) })
  await bothWays(built, 8 * mebibyte)
})

test('with a single free buffer bytes arrive unchanged', { timeout: 60_000 }, async () => {
  await using built = await buildTunnel({ idleMs: 60_000, buffers: new TunnelBuffers(1, 0) })
  await bothWays(built, 8 * mebibyte)
})

test('a tunnel whose bytes have stopped gives its buffers back and goes on', async () => {
  await using built = await buildTunnel({ idleMs: 60_000 })
  const piece = Buffer.alloc(4 * mebibyte, 'a')
  built.client.send(piece)
  await until('buffers are in use', () => built.buffers.taken > 0)
  built.far.resume()
  await until('all has arrived', () => built.far.bytesRead === piece.length)
  built.clock.pass(0)
  built.clock.pass(0)
  expect(built.buffers.taken).toBe(0)
  built.client.send(piece)
  await until('more has arrived', () => built.far.bytesRead === 2 * piece.length)
})

test('a tunnel with small messages takes no buffers', async () => {
  await using built = await buildTunnel()
  built.far.on('data', (piece) => built.far.write(piece))
  for (let round = 0; round < 50; round += 1) {
    built.client.send('ping')
    await built.client.bytes(4)
  }
  expect(built.buffers.taken).toBe(0)
})

test('a tunnel whose small messages are many takes buffers', async () => {
  await using built = await buildTunnel()
  built.far.on('data', (piece) => built.far.write(piece))
  const piece = Buffer.alloc(4_000, 'p')
  for (let round = 0; round < 80; round += 1) {
    built.client.send(piece)
    expect((await built.client.bytes(piece.length)).equals(piece)).toBe(true)
  }
  expect(built.buffers.taken).toBeGreaterThan(0)
})

test('a reader that stops holds up the sender, within the buffers of the tunnel', async () => {
  await using built = await buildTunnel({ idleMs: 60_000 })
  built.far.pause()
  const sent = new Sender(3, 64 * mebibyte)
  sent.run(built.client.socket)
  const { upstream } = built.sides
  await until('the tunnel waits', () => upstream.pendingBytes > 64 * 1024 && built.sides.client.isPaused)
  expect(built.buffers.taken).toBeLessThanOrEqual(2)
  expect(upstream.pendingBytes).toBeLessThanOrEqual(2 * 256 * 1024 + 128 * 1024)
})

test('a tunnel that breaks within a burst returns what it had taken', async () => {
  await using built = await buildTunnel({ idleMs: 60_000 })
  built.far.pause()
  new Sender(4, 64 * mebibyte).run(built.client.socket)
  await until('the tunnel waits', () => built.sides.client.isPaused)
  built.far.resetAndDestroy()
  await expect.poll(() => built.ends).toEqual(['upstream'])
  expect(built.buffers.taken).toBe(0)
})
