/** A tunnel between two real connections, with a clock that the test drives. */
import { connect, createServer, type Socket } from 'node:net'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { transportOf } from '../../../src/http/transport/transport-of.ts'
import { Tunnel, type TunnelBounds, type TunnelEnd } from '../../../src/http/upstream/tunnel.ts'
import { TunnelBuffers } from '../../../src/http/upstream/tunnel-buffers.ts'
import { cell, createCounterBlock } from '../../../src/telemetry/metrics/counters.ts'
import { DrivenClock } from '../clients/driven-clock.ts'
import { RawClient } from '../clients/raw-client.ts'

export type TunnelParts = Awaited<ReturnType<typeof buildTunnel>>

/** Connects both ends. `before` runs with both transports just before the tunnel starts. */
export async function buildTunnel(
  bounds: Partial<TunnelBounds> = {},
  before: (client: Transport, upstream: Transport) => void = () => {},
) {
  const accepted: Socket[] = []
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    accepted.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = await RawClient.connect(port)
  const near = await next(accepted)
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  far.on('error', () => {})
  const upstreamSocket = await next(accepted)
  const clock = new DrivenClock()
  const buffers = bounds.buffers ?? new TunnelBuffers(16, 2)
  const counters = createCounterBlock()
  const ends: TunnelEnd[] = []
  const sides = { client: transportOf(near), upstream: transportOf(upstreamSocket) }
  before(sides.client, sides.upstream)
  const tunnel = new Tunnel(
    sides.client,
    sides.upstream,
    { clock, idleMs: 5_000, maxTunnelMs: 0, buffers, ...bounds },
    counters,
    { tunnelEnded: (reason) => ends.push(reason) },
  )
  return {
    client,
    far,
    sides,
    tunnel,
    clock,
    buffers,
    ends,
    counted: () => ({ received: counters[cell.tunnelBytesReceived], sent: counters[cell.tunnelBytesSent] }),
    async [Symbol.asyncDispose]() {
      tunnel.stop()
      clock.close()
      client.destroy()
      far.destroy()
      server.close()
    },
  }
}

async function next(accepted: Socket[]): Promise<Socket> {
  for (;;) {
    const socket = accepted.shift()
    if (socket !== undefined) return socket
    await new Promise((resolve) => setImmediate(resolve))
  }
}
