import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Client } from 'undici'
import { expect, test } from 'vitest'
import { BifrostError } from '../../../../src/errors.ts'
import type { Gate } from '../../../../src/http/dial/gate.ts'
import { type PoolOptions, UpstreamPool } from '../../../../src/http/upstream/pool.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'
import { selfSigned } from '../../../kit/tls/self-signed.ts'
import { until } from '../../../kit/waiting/until.ts'

async function startTlsOrigin(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer(selfSigned, (_req, res) => res.end('secret'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('an https upstream with an untrusted certificate gives a 502', async () => {
  await using origin = await startTlsOrigin()
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  const response = await client.get(`https://127.0.0.1:${origin.port}/`)
  expect(response.status).toBe(502)
  expect(response.text).not.toContain('127.0.0.1')
})

/** A gate that allows everything except what a test refuses. */
const gateWith = (closed: Partial<Gate> = {}): Gate => ({
  refuseTarget: () => null,
  refuseAddress: () => null,
  refusePeer: () => null,
  ...closed,
})

const poolWith = (gate: Gate | null, bounds: Partial<PoolOptions> = {}) =>
  new UpstreamPool({
    maxIdlePerHost: 1,
    idleMs: 1_000,
    connectMs: 2_000,
    lifetimeMs: 0,
    responseMs: 60_000,
    ca: selfSigned.cert,
    gate,
    ...bounds,
  })

test.each([
  ['', null],
  [' through a gate', gateWith()],
])('a trusted https upstream is reached%s', async (_, gate) => {
  await using origin = await startTlsOrigin()
  const pool = poolWith(gate)
  const slot = pool.take(`https://127.0.0.1:${origin.port}`)
  const { body } = await (slot.client as Client).request({ path: '/', method: 'GET' })
  expect(await body.text()).toBe('secret')
  expect(slot.socket?.remotePort).toBe(origin.port)
  expect(slot.socket?.remoteAddress).toBe('127.0.0.1')
  pool.close()
  expect(pool.stats).toEqual({})
})

test.each(['refuseTarget', 'refusePeer'] as const)('a gate refuses an https upstream: %s', async (way) => {
  await using origin = await startTlsOrigin()
  const pool = poolWith(gateWith({ [way]: () => new BifrostError('FORBIDDEN_DESTINATION') }))
  const slot = pool.take(`https://127.0.0.1:${origin.port}`)
  const request = (slot.client as Client).request({ path: '/', method: 'GET' })
  await expect(request).rejects.toMatchObject({ code: 'FORBIDDEN_DESTINATION' })
  slot.drop()
  expect(pool.stats).toEqual({})
})

test('connectMs bounds TCP and TLS together if an https upstream never answers the handshake', async () => {
  await using origin = await startRawOrigin(() => {})
  const pool = poolWith(gateWith(), { connectMs: 150 })
  const slot = pool.take(`https://127.0.0.1:${origin.port}`)
  const request = (slot.client as Client).request({ path: '/', method: 'GET' })
  await expect(request).rejects.toMatchObject({ code: expect.stringMatching(/CONNECT_TIMEOUT$/) })
  slot.drop()
  expect(pool.stats).toEqual({})
})

test('an https upstream connection is closed at the end of its lifetime', async () => {
  await using origin = await startTlsOrigin()
  const pool = poolWith(null, { connectMs: 60_000, lifetimeMs: 200, idleMs: 60_000 })
  const slot = pool.take(`https://127.0.0.1:${origin.port}`)
  await (slot.client as Client).request({ path: '/', method: 'GET' }).then(({ body }) => body.text())
  slot.give()
  expect(Object.values(pool.stats)).toEqual([{ open: 1, idle: 1 }])
  await until('it is closed', () => Object.keys(pool.stats).length === 0)
  pool.close()
})
