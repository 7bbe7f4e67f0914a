import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../../../src/telemetry/metrics/catalogue/catalogue.ts'
import { sampleNames } from '../../../src/telemetry/metrics/catalogue/metric.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { faultsOf } from '../../kit/telemetry/prometheus-text.ts'
import { Scrape, scrape } from '../../kit/telemetry/scrape.ts'

const config = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    forward_proxy: { port: 0 },
    reverse_proxy: { port: 0, target },
    static_files: {
      port: 0,
      mounts: [{ path: '/', root_dir: `${import.meta.dirname}/../../../config/site` }],
    },
  },
})

async function askEach(running: TestDaemon, authority: string): Promise<void> {
  for (const name of ['reverse_proxy', 'static_files', 'forward_proxy']) {
    using client = await RawClient.connect(running.port(name))
    await client.get(name === 'forward_proxy' ? `http://${authority}/` : '/')
  }
}

describe('/metrics', () => {
  test('has every metric of the catalogue after some traffic, and no other', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(config(`http://${origin.authority}`))
    await askEach(running, origin.authority)
    const { samples } = await scrape(running)
    const shown = new Set(
      samples.map(({ name }) => name).filter((name) => !/^(?:worker|bifrost)_/.test(name)),
    )
    expect([...shown].sort()).toEqual(catalogue.flatMap((metric) => sampleNames(metric)).sort())
  })

  test.each([
    ['Prometheus text', 'text/plain', ''],
    ['OpenMetrics', 'application/openmetrics-text', ''],
    ['OpenMetrics of one worker', 'application/openmetrics-text', '?worker=reverse_proxy'],
  ])('has every family and every series once, whole and together, as %s', async (_, accept, query) => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(config(`http://${origin.authority}`))
    await askEach(running, origin.authority)
    const { text } = await running.admin(`/metrics${query}`, 'GET', { headers: { Accept: accept } })
    expect(faultsOf(text, accept !== 'text/plain')).toEqual([])
  })

  test('is OpenMetrics on request: no _total in a family, and an end', async () => {
    await using running = await startTestDaemon(config('http://127.0.0.1:9'))
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
    const answer = await running.admin('/metrics', 'GET', { headers: { Accept: accept } })
    expect(answer.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(answer.text.endsWith('\n# EOF\n')).toBe(true)
    expect(answer.text).not.toMatch(/^# TYPE \w+_total /m)
    expect(new Scrape(answer.text).of('proxy_tunnels_total').length).toBe(2)
    const plain = await running.admin('/metrics', 'GET', { headers: { Accept: 'text/plain' } })
    expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.text).not.toContain('# EOF')
  })

  test('begins with the lines of the seed in both formats', async () => {
    await using running = await startTestDaemon(config('http://127.0.0.1:9'))
    for (const accept of ['text/plain', 'application/openmetrics-text']) {
      const { text } = await running.admin('/metrics', 'GET', { headers: { Accept: accept } })
      expect(text.split('\n').slice(0, 3)).toEqual([
        'worker_connections_active{proxy_type="ForwardProxy"} 0',
        'worker_connections_active{proxy_type="ReverseProxy"} 0',
        'worker_connections_active{proxy_type="StaticFiles"} 0',
      ])
    }
  })

  test('is compressed for clients that accept gzip, with the same metrics', async () => {
    await using running = await startTestDaemon(config('http://127.0.0.1:9'))
    const { headers, body } = await raw(running.port('admin'), { 'Accept-Encoding': 'deflate, gzip;q=0.5' })
    expect(headers['content-encoding']).toBe('gzip')
    expect(Number(headers['content-length'])).toBe(body.length)
    const names = (text: string) => new Set(new Scrape(text).samples.map(({ name }) => name))
    expect(names(gunzipSync(body).toString())).toEqual(names((await running.admin('/metrics')).text))
    const refused = await raw(running.port('admin'), { 'Accept-Encoding': 'gzip;q=0' })
    expect(refused.headers['content-encoding']).toBeUndefined()
  })

  test('of one worker has no metric of another worker or of the process', async () => {
    await using running = await startTestDaemon(config('http://127.0.0.1:9'))
    const { samples } = await scrape(running, '?worker=reverse_proxy')
    expect(samples.length).toBeGreaterThan(40)
    for (const { name, labels } of samples) {
      const isSeeds = name.startsWith('worker_')
      const expected =
        isSeeds || name.startsWith('bifrost_') ? labels['proxy_type'] : labels['proxy_worker_name']
      expect(expected, name).toBe(
        isSeeds ? 'ReverseProxy' : name.startsWith('bifrost_') ? 'reverse' : 'reverse_proxy',
      )
    }
  })

  test('of an unknown worker is a 404 that lists the known workers', async () => {
    await using running = await startTestDaemon(config('http://127.0.0.1:9'))
    const answer = await running.admin('/metrics?worker=nobody')
    expect(answer.status).toBe(404)
    expect(answer.json()).toMatchObject({ workers: ['forward_proxy', 'reverse_proxy', 'static_files'] })
  })
})

function raw(port: number, headers: Record<string, string>) {
  return new Promise<{ headers: Record<string, string | string[] | undefined>; body: Buffer }>(
    (resolve, reject) => {
      const req = request({ host: '127.0.0.1', port, path: '/metrics', headers, agent: false }, (res) => {
        const pieces: Buffer[] = []
        res.on('data', (piece: Buffer) => pieces.push(piece))
        res.on('end', () => resolve({ headers: res.headers, body: Buffer.concat(pieces) }))
      })
      req.on('error', reject)
      req.end()
    },
  )
}
