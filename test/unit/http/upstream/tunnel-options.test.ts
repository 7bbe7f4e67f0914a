import { expect, test } from 'vitest'
import { Tunnel } from '../../../../src/http/upstream/tunnel.ts'
import { createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { DrivenClock } from '../../../kit/clients/driven-clock.ts'
import { FakeTransport } from '../../../kit/engine/fake-transport.ts'

function open() {
  const client = new FakeTransport()
  const upstream = new FakeTransport()
  const clock = new DrivenClock()
  const bounds = { clock, idleMs: 60_000, maxTunnelMs: 0 }
  new Tunnel(client, upstream, bounds, createCounterBlock(), { tunnelEnded: () => {} })
  return { client, upstream, clock }
}

test('a tunnel of one question and one answer sets no option', () => {
  const { client, upstream } = open()
  client.receive('question')
  upstream.receive('answer')
  expect([client.hasNoDelay, upstream.hasNoDelay]).toEqual([false, false])
})

test('an upstream that speaks first reaches the client without delay', () => {
  const { client, upstream } = open()
  upstream.receive('220 ready')
  expect([client.hasNoDelay, upstream.hasNoDelay]).toEqual([true, false])
})

test('a second piece without an answer between is written without delay', () => {
  const { client, upstream } = open()
  client.receive('one')
  client.receive('two')
  expect([client.hasNoDelay, upstream.hasNoDelay]).toEqual([false, true])
})

test('the third piece of a direction is written without delay in any case', () => {
  const { client, upstream } = open()
  for (const word of ['one', 'two']) {
    client.receive(word)
    upstream.receive(word)
  }
  expect([client.hasNoDelay, upstream.hasNoDelay]).toEqual([true, false])
  client.receive('three')
  expect(upstream.hasNoDelay).toBe(true)
})

test('the upstream is probed once the tunnel is some seconds old', () => {
  const { upstream, clock } = open()
  clock.pass(4_000)
  expect(upstream.hasKeepAlive).toBe(false)
  clock.pass(1_000)
  expect(upstream.hasKeepAlive).toBe(true)
})
