import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { scrape } from '../../kit/telemetry/scrape.ts'
import { until } from '../../kit/waiting/until.ts'

const duration = 'http_server_request_duration_seconds_count'
const reverseTo = (target: string) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target } },
})

describe.each(['thread', 'process'] as const)('when an instance in isolation %s is killed', (isolation) => {
  test('its counters continue and its gauges are zero', async () => {
    await using origin = await startOrigin((_req, res) => res.end('x'.repeat(100)))
    await using running = await startTestDaemon(reverseTo(`http://${origin.authority}`), {
      isolation,
      allowFaults: true,
    })
    const ask = async (times: number) => {
      using client = await RawClient.connect(running.port('reverse_proxy'))
      for (let n = 0; n < times; n += 1) await client.get('/')
    }
    const count = async () => (await scrape(running)).sum(duration)
    using held = await RawClient.connect(running.port('reverse_proxy'))
    await held.get('/')
    await ask(20)
    // A process reports its counters with its next heartbeat.
    await until('all are counted', async () => (await count()) === 21)
    expect((await scrape(running)).sum('proxy_connections_active', { proxy_type: 'reverse' })).toBe(1)
    const before = running.stateOf('reverse_proxy#1')
    expect(before).toBe('running.alive')

    running.daemon.inject('reverse_proxy', 'kill')
    await until('there is another', () => running.stateOf('reverse_proxy#2') === 'running.alive', 10_000)
    const after = await scrape(running)
    expect(after.sum(duration)).toBe(21)
    expect(after.sum('http_server_response_body_size_bytes_sum')).toBe(2_100)
    expect(after.sum('proxy_connections_active')).toBe(0)
    expect(after.sum('http_client_open_connections')).toBe(0)
    expect(after.sum('proxy_worker_restarts_total', { proxy_end_reason: 'killed' })).toBe(1)
    expect(after.sum('proxy_worker_cpu_time_seconds_total')).toBeGreaterThan(0)

    await ask(10)
    await until('those after it are added', async () => (await count()) === 31)
    expect((await scrape(running)).sum('worker_requests_total')).toBe(31)
  })
})

test('the bytes of a tunnel are counted to the last one when its thread is killed', async () => {
  await using origin = await startRawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
  await using running = await startTestDaemon(
    { mode: 'Forward', listen_addr: '127.0.0.1:0' },
    { isolation: 'thread', allowFaults: true },
  )
  using client = await RawClient.connect(running.port('forward_proxy'))
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a')
  await client.responseHead()
  client.send('x'.repeat(54_321))
  await client.bytes(54_321)
  expect((await scrape(running)).sum('proxy_tunnels_active')).toBe(1)
  running.daemon.inject('forward_proxy', 'kill')
  await until('there is another', () => running.stateOf('forward_proxy#2') === 'running.alive', 10_000)
  const seen = await scrape(running)
  expect(seen.of('proxy_tunnel_bytes_total').map(({ value }) => value)).toEqual([54_321, 54_321])
  expect([seen.sum('proxy_tunnels_active'), seen.sum('proxy_tunnels_total'), seen.sum(duration)]).toEqual([
    0, 1, 1,
  ])
})

test('a target is up, suspect and down as connects fail, and up after the first that succeeds', async () => {
  const first = await startOrigin()
  const { port } = first
  await first.close()
  await using running = await startTestDaemon(reverseTo(`http://127.0.0.1:${port}`))
  using client = await RawClient.connect(running.port('reverse_proxy'))
  const state = async () =>
    (await scrape(running)).of('proxy_target_state').find(({ value }) => value === 1)?.labels[
      'proxy_target_state'
    ]
  expect(await state()).toBe('up')
  const seen: (string | undefined)[] = []
  for (let n = 0; n < 3; n += 1) {
    await client.get('/')
    seen.push(await state())
  }
  expect(seen).toEqual(['suspect', 'suspect', 'down'])
  const back = createServer((_req, res) => res.end()).listen(port, '127.0.0.1')
  await once(back, 'listening')
  await client.get('/')
  expect(await state()).toBe('up')
  back.close()
  back.closeAllConnections()
})
