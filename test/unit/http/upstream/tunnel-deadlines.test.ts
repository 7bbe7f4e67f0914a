import { expect, test } from 'vitest'
import { Tunnel, type TunnelEnd } from '../../../../src/http/upstream/tunnel.ts'
import { createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { DrivenClock } from '../../../kit/clients/driven-clock.ts'
import { FakeTransport } from '../../../kit/engine/fake-transport.ts'
import { buildTunnel } from '../../../kit/origins/tunnel.ts'

test('a tunnel without a byte ends as idle, not before its time', async () => {
  await using built = await buildTunnel({ idleMs: 5_000 })
  built.clock.pass(4_000)
  expect(built.ends).toEqual([])
  built.clock.pass(1_000)
  expect(built.ends).toEqual(['idle'])
  await built.client.ended()
})

test('a byte in either direction keeps a tunnel', async () => {
  await using built = await buildTunnel({ idleMs: 5_000 })
  built.clock.pass(4_000)
  built.far.write('x')
  await built.client.bytes(1)
  built.clock.pass(4_000)
  built.client.send('y')
  await expect.poll(() => built.counted().received).toBe(1)
  built.clock.pass(4_000)
  expect(built.ends).toEqual([])
})

test('a busy tunnel ends at its maximum age', async () => {
  await using built = await buildTunnel({ idleMs: 5_000, maxTunnelMs: 10_000 })
  for (let round = 1; round <= 3; round += 1) {
    built.far.write('x')
    await built.client.bytes(1)
    built.clock.pass(3_000)
  }
  expect(built.ends).toEqual(['max_tunnel'])
})

test('a half-closed tunnel has its own idle timeout', async () => {
  await using built = await buildTunnel({ idleMs: 600_000, halfClosedIdleMs: 2_000 })
  built.clock.pass(10_000)
  expect(built.ends).toEqual([])
  const ended = new Promise((resolve) => built.far.once('end', resolve).resume())
  built.client.end()
  await ended
  built.clock.pass(2_000)
  expect(built.ends).toEqual(['idle'])
})

test('a half-closed tunnel is idle after a minute at most', async () => {
  await using built = await buildTunnel({ idleMs: 600_000 })
  const ended = new Promise((resolve) => built.far.once('end', resolve).resume())
  built.client.end()
  await ended
  built.clock.pass(59_000)
  expect(built.ends).toEqual([])
  built.clock.pass(1_000)
  expect(built.ends).toEqual(['idle'])
})

test('an ended tunnel has left the clock', async () => {
  await using built = await buildTunnel()
  expect(built.clock.members.size).toBe(1)
  built.tunnel.stop()
  expect(built.clock.members.size).toBe(0)
})

test('a slow reader keeps a tunnel while what it was sent gets less', () => {
  const [client, upstream] = [new FakeTransport(), new FakeTransport()]
  const clock = new DrivenClock()
  const ends: TunnelEnd[] = []
  const owner = { tunnelEnded: (reason: TunnelEnd) => void ends.push(reason) }
  new Tunnel(client, upstream, { clock, idleMs: 5_000, maxTunnelMs: 0 }, createCounterBlock(), owner)
  for (const pending of [300_000, 200_000, 100_000]) {
    client.pendingBytes = pending
    clock.pass(4_000)
  }
  expect(ends).toEqual([])
  clock.pass(5_000)
  expect(ends).toEqual(['idle'])
})
