import { expect, test } from 'vitest'
import { TunnelBuffers, tunnelBufferBytes } from '../../../../src/http/upstream/tunnel-buffers.ts'
import { Flow } from '../../../../src/http/upstream/tunnel-flow.ts'
import { cell, createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { FakeTransport } from '../../../kit/engine/fake-transport.ts'

const owner = { moved: () => {}, flowEnded: () => {}, flowClosed: () => {} }

test('a buffer that is given back at the end of a tunnel is not read into any more', () => {
  const buffers = new TunnelBuffers(2, 2)
  const [client, upstream] = [new FakeTransport(), new FakeTransport()]
  const counters = createCounterBlock()
  const up = new Flow(client, upstream, owner, buffers, counters, cell.tunnelBytesReceived)
  const down = new Flow(upstream, client, owner, buffers, counters, cell.tunnelBytesSent)
  Flow.join(up, down)
  client.receive('a'.repeat(32 * 1024))
  const own = client.reading
  expect(own.length).toBe(tunnelBufferBytes)
  // TLS that is about to say goodbye still reads (HandleTransport.close).
  up.end()
  expect(client.reading).not.toBe(own)
})
