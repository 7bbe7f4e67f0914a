import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { keepReconnecting } from '../kit/clients/reconnecting-clients.ts'

import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { startTlsDaemon } from '../kit/daemons/tls-daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { scrape } from '../kit/telemetry/scrape.ts'
import { until } from '../kit/waiting/until.ts'

const token = 'the-token-of-this-test'
const supervisor = 'supervisor:reverse_proxy'
/** The first crash exceeds the limit, and only an operator revives the worker. */
const strict = { ...defaultRestartPolicy, intensity: 0, revivalMs: 600_000 }

/** Two instances behind a TCP address and a Unix socket. */
async function pair(isolation: 'thread' | 'process', target: string) {
  const path = join(tempDir(), 'b.sock')
  const config = {
    mode: 'Reverse',
    admin: { listen_addr: '127.0.0.1:0', token },
    workers: {
      reverse_proxy: {
        target,
        worker_threads: 2,
        listeners: [{ address: '127.0.0.1:0' }, { address: `unix:${path}` }],
      },
    },
  }
  const running = await startTestDaemon(config, { isolation, allowFaults: true, policy: strict })
  await until('the path is there', () => existsSync(path))
  return { running, path, port: running.port('reverse_proxy') }
}

const restart = (running: TestDaemon) =>
  running.admin('/api/workers/reverse_proxy/restart', 'POST', {
    headers: { Authorization: `Bearer ${token}` },
  })

async function giveUp(running: TestDaemon, id: string): Promise<void> {
  running.daemon.inject(id, 'kill')
  await until('it is gone', () => running.stateOf(id) === null)
  await until('it is given up', () => running.stateOf(supervisor) === 'gaveUp')
}

async function statuses(port: number, count: number): Promise<readonly number[]> {
  const all: number[] = []
  for (let one = 0; one < count; one += 1) {
    using client = await RawClient.connect(port)
    all.push((await client.get('/')).status)
  }
  return all
}

/** Returns 0 if nothing listens. */
function over(socketPath: string): Promise<number> {
  return new Promise((resolve) => {
    const req = request({ socketPath, path: '/x', agent: false }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0))
    })
    req.on('error', () => resolve(0)).end()
  })
}

interface Health {
  readonly status: string
  readonly workers: {
    readonly reverse_proxy: { readonly status: string; readonly reasons: readonly string[] }
  }
}
const healthOf = async (running: TestDaemon) => (await running.admin('/health')).json<Health>()

describe.each(['thread', 'process'] as const)('a slot that gave up (%s)', (isolation) => {
  test('hands its listeners to the living instance; health warns with the reason', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const { running, path, port } = await pair(isolation, `http://${origin.authority}`)
    await using _running = running
    // The first instance has the Unix socket.
    const traffic = await keepReconnecting(port, 8, async (result) => {
      await giveUp(running, 'reverse_proxy#1')
      const { served } = result
      await until('many are served', () => result.served >= served + 100)
    })
    expect(traffic).toMatchObject({ refused: 0, busy: 0 })
    // Each client may have one connection inside the instance that dies. No other connection may be lost.
    expect(traffic.reset + traffic.unanswered).toBeLessThanOrEqual(8)
    expect(await statuses(port, 40)).toEqual(Array(40).fill(200))
    await until('the survivor has the path', async () => (await over(path)) === 200)
    const { status, workers } = await healthOf(running)
    expect([status, workers.reverse_proxy]).toEqual([
      'Warning',
      expect.objectContaining({
        status: 'Warning',
        reasons: ['1 of 2 instances ended too often; restarts are paused'],
      }),
    ])
    const warned = () =>
      running.log.some((line) => line.includes('ReverseProxy warning') && line.includes('ended too often'))
    await until('the log says so', warned)
  })

  test('gets its listeners back when it is started again, and no connection is lost', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const { running, path, port } = await pair(isolation, `http://${origin.authority}`)
    await using _running = running
    await giveUp(running, 'reverse_proxy#1')
    await until('the survivor has the path', async () => (await over(path)) === 200)
    const traffic = await keepReconnecting(port, 8, async () => {
      expect((await restart(running)).status).toBe(200)
      await until('both serve', () => running.stateOf(supervisor) === 'supervising.steady')
      for (const key of ['0/0', '0/1', '1/0'])
        await until(key, () => running.stateOf(`listener:reverse_proxy/${key}`) === 'delegated')
    })
    expect(traffic).toMatchObject({ refused: 0, reset: 0, busy: 0, unanswered: 0 })
    // The instance that had the path meanwhile has returned it, so its death does not close it.
    await until('the path is served', async () => (await over(path)) === 200)
    await giveUp(running, 'reverse_proxy#2')
    expect(await over(path)).toBe(200)
    expect(await statuses(port, 20)).toEqual(Array(20).fill(200))
    expect((await healthOf(running)).status).toBe('Warning')
  })

  test('without another instance makes main refuse at once with a reason, and count each refusal', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const { running, port } = await pair(isolation, `http://${origin.authority}`)
    await using _running = running
    await giveUp(running, 'reverse_proxy#1')
    await giveUp(running, 'reverse_proxy#2')
    const isRefusing = (key: string) => running.stateOf(`listener:reverse_proxy/${key}`) === 'refusing'
    await until('main refuses', () => isRefusing('0/0') && isRefusing('0/1'))
    for (let one = 0; one < 10; one += 1) {
      using client = await RawClient.connect(port)
      const { status, text } = await client.get('/')
      expect([status, text]).toEqual([
        503,
        'WORKER_GAVE_UP: This service has failed; please try again later.\n',
      ])
    }
    const labels = { proxy_worker_name: 'reverse_proxy', error_type: 'WORKER_GAVE_UP' }
    expect((await scrape(running)).sum('proxy_connections_refused_total', labels)).toBe(10)
    const line = /connections refused because no instance was available .*"code":"WORKER_GAVE_UP"/
    await until('the log says so', () => running.log.some((text) => line.test(text)))
    expect((await healthOf(running)).workers.reverse_proxy).toMatchObject({ status: 'Critical' })
    expect((await restart(running)).status).toBe(200)
    await until('both serve', () => running.stateOf(supervisor) === 'supervising.steady')
    expect(await statuses(port, 10)).toEqual(Array(10).fill(200))
  })
})

test('a TLS client that main refuses is closed without plain text, and counted', async () => {
  await using tls = await startTlsDaemon('http://127.0.0.1:9', { allowFaults: true, policy: strict })
  await giveUp(tls.proxy, 'reverse_proxy#1')
  await until('main refuses', () => tls.proxy.stateOf('listener:reverse_proxy/0/0') === 'refusing')
  using client = await RawClient.connect(tls.port)
  expect((await client.rest()).length).toBe(0)
  const labels = { error_type: 'WORKER_GAVE_UP' }
  const refused = async () => (await scrape(tls.proxy)).sum('proxy_connections_refused_total', labels)
  await until('it is counted', async () => (await refused()) === 1)
})
