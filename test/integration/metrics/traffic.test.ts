import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Random } from '../../fuzz/random.ts'
import { ask, ClientTotals, type Step, sendNonRequest, tunnel } from '../../kit/clients/counting-clients.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { type OriginHandler, startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { scrape } from '../../kit/telemetry/scrape.ts'
import { until } from '../../kit/waiting/until.ts'

const root = tempDir()
writeFileSync(join(root, 'small.txt'), 's'.repeat(1_234))
writeFileSync(join(root, 'large.bin'), 'l'.repeat(300_000))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Answers `/STATUS/BYTES`, with or without a Content-Length. */
const asTold: OriginHandler = async (req, res, seen) => {
  await seen.body
  const [, status = '200', bytes = '0'] = (req.url ?? '').split('/')
  const body = 'b'.repeat(Number(bytes))
  res.statusCode = Number(status)
  if (body.length % 2 === 0) res.setHeader('Content-Length', body.length)
  res.end(req.method === 'HEAD' ? undefined : body)
}

const twiceBack = () =>
  startRawOrigin((socket) => {
    socket.on('data', (chunk: Buffer) => socket.write(Buffer.concat([chunk, chunk])))
    socket.on('end', () => socket.end())
  })

/** The counters of a type, once main has received all of them. */
async function counted(running: TestDaemon, type: string, totals: ClientTotals) {
  const labels = { proxy_type: type }
  const read = () => scrape(running)
  const isThere = async () =>
    (await read()).sum('http_server_request_duration_seconds_count', labels) >= totals.total
  await until(`all of ${type} are counted`, isThere)
  return await read()
}

async function expectAll(running: TestDaemon, type: string, totals: ClientTotals): Promise<void> {
  const seen = await counted(running, type, totals)
  const labels = { proxy_type: type }
  const duration = 'http_server_request_duration_seconds_count'
  const counts = new Map<string, number>()
  for (const { labels: own, value } of seen.of(duration, labels)) {
    const key = `${own['http_request_method']} ${own['http_response_status_code']}`
    counts.set(key, (counts.get(key) ?? 0) + value)
  }
  expect(Object.fromEntries([...counts].sort())).toEqual(Object.fromEntries([...totals.requests].sort()))
  const sizes = (side: string) => seen.sum(`http_server_${side}_body_size_bytes_sum`, labels)
  expect([sizes('request'), sizes('response')]).toEqual([totals.received, totals.sent])
  expect(seen.sum('http_server_response_body_size_bytes_count', labels)).toBe(totals.total)
  expect(seen.sum('bifrost_request_duration_seconds_count', labels)).toBe(totals.total)
  expect(seen.sum('bifrost_response_bytes_total', labels)).toBe(totals.sent)
  const tunnelBytes = (direction: string) =>
    seen.sum('proxy_tunnel_bytes_total', { ...labels, network_io_direction: direction })
  expect([tunnelBytes('receive'), tunnelBytes('transmit')]).toEqual([totals.tunnelUp, totals.tunnelDown])
  expect(seen.sum('proxy_tunnels_total', labels)).toBe(totals.tunnels)
  expect(seen.sum('http_server_active_requests', labels)).toBe(0)
}

const configOf = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    forward_proxy: { port: 0 },
    reverse_proxy: { port: 0, target, worker_threads: 2 },
    static_files: { port: 0, mounts: [{ path: '/files', root_dir: root }] },
  },
})

async function get(
  client: RawClient,
  totals: ClientTotals,
  path: string,
  method = 'GET',
  ...fields: string[]
) {
  client.head(`${method} ${path} HTTP/1.1`, 'Host: client.test', ...fields)
  const answer = await client.response(method)
  totals.count(method, answer.status)
  totals.sent += answer.body.length
  return answer
}

async function fileTraffic(port: number, totals: ClientTotals): Promise<void> {
  using client = await RawClient.connect(port)
  const first = await get(client, totals, '/files/small.txt')
  await get(client, totals, '/files/small.txt', 'HEAD')
  await get(client, totals, '/files/small.txt', 'GET', `If-None-Match: ${first.get('etag')}`)
  await get(client, totals, '/files/large.bin')
  await get(client, totals, '/files/large.bin', 'GET', 'Range: bytes=10-999')
  await get(client, totals, '/files/none')
  await get(client, totals, '/elsewhere')
  await get(client, totals, '/files/small.txt', 'DELETE')
}

describe.each(['thread', 'process'] as const)('metrics of workers in isolation %s', (isolation) => {
  const seed = Number(process.env['METRICS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

  test(`equal the counts of the clients, to the byte (METRICS_SEED=${seed})`, async () => {
    const random = new Random(seed)
    await using origin = await startOrigin(asTold)
    await using echo = await twiceBack()
    await using running = await startTestDaemon(configOf(`http://${origin.authority}`), { isolation })
    const reverse: Step = {
      random,
      totals: new ClientTotals(),
      port: running.port('reverse_proxy'),
      base: '',
    }
    const base = `http://${origin.authority}`
    const forward: Step = { random, totals: new ClientTotals(), port: running.port('forward_proxy'), base }
    for (const step of [reverse, forward]) {
      for (let connections = 0; connections < 4; connections += 1) {
        using client = await RawClient.connect(step.port)
        for (let n = 0; n < 12; n += 1) await ask(step, client)
      }
      await sendNonRequest(step)
    }
    for (let n = 0; n < 3; n += 1) await tunnel(forward, echo.authority)
    await expectAll(running, 'reverse', reverse.totals)
    await expectAll(running, 'forward', forward.totals)

    const files = new ClientTotals()
    await fileTraffic(running.port('static_files'), files)
    await expectAll(running, 'static', files)
    const seen = await scrape(running)
    expect(seen.sum('proxy_files_served_total')).toBe(3)
    expect(seen.sum('bifrost_files_streamed_total')).toBe(2)
    const cached = (result: string) => seen.sum('proxy_cache_requests_total', { proxy_cache_result: result })
    expect([cached('hit'), cached('miss')]).toEqual([2, 3])
    expect(seen.sum('proxy_disk_time_seconds_total')).toBeGreaterThan(0)
  })

  test('are separate for each type of a combined worker', async () => {
    await using origin = await startOrigin(asTold)
    await using echo = await twiceBack()
    const { workers, ...rest } = configOf(`http://${origin.authority}`)
    const shared = {
      ...rest,
      workers: {
        forward_proxy: {},
        reverse_proxy: { target: workers.reverse_proxy.target },
        static_files: { mounts: workers.static_files.mounts },
      },
    }
    await using running = await startTestDaemon(shared, { isolation })
    const port = running.port('combined')
    const random = new Random(seed)
    const reverse: Step = { random, totals: new ClientTotals(), port, base: '' }
    const forward: Step = { random, totals: new ClientTotals(), port, base: `http://${origin.authority}` }
    const [files, none] = [new ClientTotals(), new ClientTotals()]
    using client = await RawClient.connect(port)
    for (let n = 0; n < 10; n += 1) {
      await ask(reverse, client)
      await ask(forward, client)
      await get(client, files, '/files/small.txt')
    }
    await tunnel(forward, echo.authority)
    await sendNonRequest({ random, totals: none, port, base: '' })
    for (const [type, totals] of [
      ['reverse', reverse.totals],
      ['forward', forward.totals],
      ['static', files],
      ['combined', none],
    ] as const) {
      await expectAll(running, type, totals)
    }
    const seen = await scrape(running)
    const accepted = seen.of('proxy_connections_accepted_total')
    expect(accepted).toMatchObject([
      { labels: { proxy_worker_name: 'combined', proxy_type: 'combined' }, value: 3 },
    ])
  })
})
