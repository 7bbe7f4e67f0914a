import { afterEach, expect, test } from 'vitest'
import { Tunnel, type TunnelEnd } from '../../../../src/http/upstream/tunnel.ts'
import { TunnelBuffers } from '../../../../src/http/upstream/tunnel-buffers.ts'
import { createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { DrivenClock } from '../../../kit/clients/driven-clock.ts'
import { hashOf, Sender } from '../../../kit/transports/bulk.ts'
import { closePairs, connectPair, type Kind, kinds } from '../../../kit/transports/pairs.ts'

afterEach(closePairs)

const plain: Kind = { way: 'handle', over: 'TCP' }
const pairs = kinds.flatMap((kind): [Kind, Kind][] => [
  [kind, plain],
  [plain, kind],
])
const names = pairs.map(
  ([one, other]) => [`${one.way} ${one.over} to ${other.way} ${other.over}`, one, other] as const,
)

test.each(names)('8 MiB each way at once arrive unchanged: %s', async (_name, one, other) => {
  const [client, upstream] = [await connectPair(one), await connectPair(other)]
  const buffers = new TunnelBuffers(16, 2)
  const clock = new DrivenClock()
  const bounds = { clock, idleMs: 60_000, maxTunnelMs: 0, buffers }
  const ends: TunnelEnd[] = []
  const owner = { tunnelEnded: (reason: TunnelEnd) => void ends.push(reason) }
  new Tunnel(client.transport, upstream.transport, bounds, createCounterBlock(), owner)
  const [up, down] = [new Sender(5, 8 * 1024 * 1024), new Sender(6, 8 * 1024 * 1024)]
  const arrived = [hashOf(upstream.peer, true), hashOf(client.peer, true)]
  up.run(client.peer)
  down.run(upstream.peer)
  const ticking = setInterval(() => clock.pass(0), 2)
  expect(await Promise.all(arrived)).toEqual([up.hash.digest('hex'), down.hash.digest('hex')])
  clearInterval(ticking)
  await expect.poll(() => ends).toEqual(['done'])
  expect(buffers.taken).toBe(0)
})
