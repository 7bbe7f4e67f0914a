import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { dial } from '../../../../src/http/dial/dial.ts'
import { Reclaimer } from '../../../../src/http/reclaim.ts'
import { Tunnel, type TunnelEnd, type TunnelOptions } from '../../../../src/http/upstream/tunnel.ts'
import { createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'

/** A tunnel between two real connections: both far ends, and the reason of its end. */
async function build(options: Partial<TunnelOptions>) {
  const near: Socket[] = []
  const far: Socket[] = []
  const clientSide = await startRawOrigin((socket) => near.push(socket))
  const upstreamSide = await startRawOrigin((socket) => far.push(socket))
  const client = await RawClient.connect(clientSide.port)
  const upstream = await new Promise<Socket>((resolve) => {
    dial({ host: '127.0.0.1', port: upstreamSide.port, timeoutMs: 1_000, gate: null }, (_error, socket) =>
      resolve(socket),
    )
  })
  await expect.poll(() => near.length + far.length).toBe(2)
  const ends: TunnelEnd[] = []
  const tunnel = new Tunnel(near[0] as Socket, upstream, {
    idleMs: 5_000,
    maxTunnelMs: 0,
    reclaimer: new Reclaimer(() => {}),
    counters: createCounterBlock(),
    onEnd: (reason) => ends.push(reason),
    ...options,
  })
  return {
    client,
    far: far[0] as Socket,
    tunnel,
    ends,
    async [Symbol.asyncDispose]() {
      client.destroy()
      await clientSide.close()
      await upstreamSide.close()
    },
  }
}

test('a tunnel is done after a FIN from both sides', async () => {
  await using built = await build({})
  built.client.end()
  built.far.on('end', () => built.far.end()).resume()
  await expect.poll(() => built.ends).toEqual(['done'])
})

test('a half-closed tunnel has its own idle timeout', async () => {
  await using built = await build({ halfClosedIdleMs: 100 })
  built.far.resume()
  built.client.end()
  await expect.poll(() => built.ends).toEqual(['idle'])
})

test('idle, age, stop and a reset of either side each end the tunnel once, with their reason', async () => {
  for (const [reason, options, cause] of [
    ['idle', { idleMs: 100 }, () => {}],
    ['max_tunnel', { maxTunnelMs: 100 }, () => {}],
    ['stopped', {}, (built) => built.tunnel.stop()],
    ['client', {}, (built) => built.client.socket.resetAndDestroy()],
    ['upstream', {}, (built) => built.far.resetAndDestroy()],
  ] as [TunnelEnd, Partial<TunnelOptions>, (built: Awaited<ReturnType<typeof build>>) => void][]) {
    await using built = await build(options)
    cause(built)
    await expect.poll(() => built.ends).toEqual([reason])
    built.tunnel.stop()
    await built.client.ended()
    expect(built.ends).toEqual([reason])
  }
})
