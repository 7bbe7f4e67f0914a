import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const twoWorkers = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: { forward_proxy: { port: 0, max_connections: 4 }, reverse_proxy: { port: 0, target } },
})

describe('/health', () => {
  test('describes each worker with the fields of the seed', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`))
    using client = await RawClient.connect(running.port('forward_proxy'))
    await client.get(`http://${origin.authority}/`)
    const isCounted = () => running.daemon.overview.counters('forward_proxy')?.requestsTotal === 1
    await until('the request is counted', isCounted)
    const answer = await running.admin('/health')
    expect(answer.status).toBe(200)
    expect(answer.type).toBe('application/json; charset=utf-8')
    expect(answer.json()).toMatchObject({
      status: 'Healthy',
      workers: {
        forward_proxy: {
          proxy_type: 'ForwardProxy',
          status: 'Healthy',
          connection_utilization: 0.25,
          memory_utilization: expect.any(Number),
          active_connections: 1,
          total_requests: 1,
        },
        reverse_proxy: { proxy_type: 'ReverseProxy', connection_utilization: 0, total_requests: 0 },
      },
    })
  })

  test('reports the memory in use', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    const used = async () => {
      const report = (await running.admin('/health')).json<{
        workers: Record<string, { memory_utilization: number }>
      }>()
      return report.workers['forward_proxy']?.memory_utilization ?? 0
    }
    await until('a sample with memory in it', async () => (await used()) > 0.001)
    expect(await used()).toBeLessThan(0.5)
  })
})

describe('/metrics', () => {
  test('has the lines of the seed, byte for byte', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    const answer = await running.admin('/metrics')
    expect(answer.type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.text.split('# HELP', 1)[0]).toBe(
      'worker_connections_active{proxy_type="ForwardProxy"} 0\n' +
        'worker_connections_active{proxy_type="ReverseProxy"} 0\n' +
        'worker_requests_total{proxy_type="ForwardProxy"} 0\n' +
        'worker_requests_total{proxy_type="ReverseProxy"} 0\n' +
        'worker_response_time_seconds{proxy_type="ForwardProxy"} 0.000\n' +
        'worker_response_time_seconds{proxy_type="ReverseProxy"} 0.000\n',
    )
  })

  test('moves only the series of the type that had traffic', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`))
    using client = await RawClient.connect(running.port('reverse_proxy'))
    for (let n = 0; n < 3; n++) await client.get('/')
    const areCounted = () => running.daemon.overview.counters('reverse_proxy')?.requestsTotal === 3
    await until('the requests are counted', areCounted)
    const { text } = await running.admin('/metrics')
    expect(text).toContain('worker_connections_active{proxy_type="ReverseProxy"} 1\n')
    expect(text).toContain('worker_requests_total{proxy_type="ReverseProxy"} 3\n')
    expect(text).toContain('worker_requests_total{proxy_type="ForwardProxy"} 0\n')
  })

  test('has three sets of series for a combined worker, and counts no connection twice', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon({
      mode: 'Combined',
      listen_addr: '127.0.0.1:0',
      workers: { forward_proxy: {}, reverse_proxy: { target: `http://${origin.authority}` } },
    })
    using silent = await RawClient.connect(running.port('combined'))
    using reverse = await RawClient.connect(running.port('combined'))
    await reverse.get('/')
    const { text } = await running.admin('/metrics')
    expect(text).toContain('worker_connections_active{proxy_type="ForwardProxy"} 0\n')
    expect(text).toContain('worker_connections_active{proxy_type="ReverseProxy"} 1\n')
    expect(text).toContain('worker_connections_active{proxy_type="Combined"} 1\n')
    expect(silent.isEnded).toBe(false)
  })
})

describe('/status', () => {
  test.each(['thread', 'process'] as const)(
    'reports the resource use of each instance (%s)',
    async (isolation) => {
      await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'), {
        isolation,
        allowFaults: true,
      })
      const least = { memory_bytes: 2 ** 20, cpu_percent: 1, loop_utilization: 0.5, loop_delay_p99_ms: 1 }
      const unseen = new Map(Object.entries(least))
      const isSeen = async () => {
        const answer = await running.admin('/status')
        // Requests without a pause may be answered 429; the next second has responses again.
        if (answer.status === 429) return false
        const { instances } = answer.json<{ instances: Record<string, unknown>[] }>()
        const own = instances.find(({ instance }) => instance === 'forward_proxy#1') ?? {}
        for (const [name, value] of unseen) if (Number(own[name]) > value) unseen.delete(name)
        return unseen.size === 0
      }
      running.daemon.inject('forward_proxy', 'burn')
      await until('it is seen to burn', isSeen, 10_000)
    },
  )

  test('lists every actor with its state', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    const { actors } = (await running.admin('/status')).json<{ actors: { actor: string; state: string }[] }>()
    expect(Object.fromEntries(actors.map(({ actor, state }) => [actor, state]))).toEqual({
      daemon: 'running',
      'supervisor:forward_proxy': 'supervising.steady',
      'supervisor:reverse_proxy': 'supervising.steady',
      'forward_proxy#1': 'running.alive',
      'reverse_proxy#1': 'running.alive',
      'forward_proxy#1/forward': 'accepting',
      'reverse_proxy#1/reverse': 'accepting',
      'listener:forward_proxy/0/0': 'delegated',
      'listener:reverse_proxy/0/0': 'delegated',
    })
  })
})

describe('the admin interface', () => {
  test('answers 404 on an unknown path and lists the known ones', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    const answer = await running.admin('/__proto__')
    expect(answer.status).toBe(404)
    expect(answer.json()).toEqual({
      error: 'not found',
      paths: ['/health', '/metrics', '/api/openapi.json', '/status'],
    })
  })

  test('answers POST /health with 405', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    expect((await running.admin('/health', 'POST')).status).toBe(405)
  })

  test('injects no fault unless faults are enabled', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'))
    expect((await running.admin('/faults/forward_proxy/kill', 'POST')).status).toBe(404)
    expect(running.stateOf('forward_proxy#1')).toBe('running.alive')
  })
})
