import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { requestsOf } from '../kit/daemons/traffic-questions.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

const twoWorkers = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: { forward_proxy: { port: 0 }, reverse_proxy: { port: 0, target } },
})

/** Sends one request over its own connection and returns the status. */
async function ask(port: number, target = '/'): Promise<number> {
  using client = await RawClient.connect(port)
  return (await client.get(target)).status
}

describe.each(['thread', 'process'] as const)('an instance (%s) that dies', (isolation) => {
  test.each(['kill', 'throw', 'reject', 'exit'])('(%s) comes back', async (fault) => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`), {
      isolation,
      allowFaults: true,
    })
    const port = running.port('reverse_proxy')
    expect(await ask(port)).toBe(200)
    expect(running.daemon.inject('reverse_proxy', fault)).toBe(true)
    await until('the next generation serves', () => running.stateOf('reverse_proxy#2') === 'running.alive')
    expect(await ask(port)).toBe(200)
    await until('the dead one is gone', () => running.stateOf('reverse_proxy#1') === null)
  })

  test('does not disturb the other types', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`), {
      isolation,
      allowFaults: true,
    })
    using client = await RawClient.connect(running.port('forward_proxy'))
    running.daemon.inject('reverse_proxy', 'kill')
    let asked = 0
    while (running.stateOf('reverse_proxy#2') !== 'running.alive') {
      expect((await client.get(`http://${origin.authority}/`)).status).toBe(200)
      asked += 1
    }
    expect(asked).toBeGreaterThan(0)
    expect(running.stateOf('supervisor:forward_proxy')).toBe('supervising.steady')
    expect(running.stateOf('forward_proxy#1')).toBe('running.alive')
  })

  test('keeps its totals and loses its gauges', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`), {
      isolation,
      allowFaults: true,
    })
    using held = await RawClient.connect(running.port('reverse_proxy'))
    await held.get('/')
    const hasCounted = async () =>
      (await running.admin('/metrics')).text.includes('requests_total{proxy_type="ReverseProxy"} 1\n')
    await until('the request is counted', hasCounted)
    running.daemon.inject('reverse_proxy', 'kill')
    await until('the next generation', () => running.stateOf('reverse_proxy#2') === 'running.alive')
    const { text } = await running.admin('/metrics')
    expect(text).toContain('worker_requests_total{proxy_type="ReverseProxy"} 1\n')
    expect(text).toContain('worker_connections_active{proxy_type="ReverseProxy"} 0\n')
  })

  test('is named in the log with its reason', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'), {
      isolation,
      allowFaults: true,
    })
    running.daemon.inject('reverse_proxy', 'throw')
    const ends = () => running.log.filter((line) => line.includes('instance ended'))
    await until('the end is logged', () => ends().length > 0)
    expect(ends()[0]).toBe(
      'error instance ended {"instance":"reverse_proxy#1","reason":"threw","message":"fault: throw"}',
    )
  })

  test.each(['exit', 'throw'])('(%s) reports its failures even if main is busy', async (fault) => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'), {
      isolation,
      allowFaults: true,
    })
    expect(await ask(running.port('reverse_proxy'))).toBe(502)
    running.daemon.inject('reverse_proxy', fault)
    // Blocks main until the instance has ended, or nearly: a handle that main has not received by then delays
    // every later message.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000)
    await until('it has ended', () => running.log.some((line) => line.includes('instance ended')))
    const { requests } = await requestsOf(running, 'reverse_proxy')
    expect(requests.map(({ instance, status }) => [instance, status])).toEqual([['reverse_proxy#1', 502]])
  })

  test('leaves no resources in main, even after many crashes', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`), {
      isolation,
      allowFaults: true,
      policy: { ...defaultRestartPolicy, intensity: 100 },
    })
    const owned = () => ({
      descriptors: readdirSync('/proc/self/fd').length,
      handles: process.getActiveResourcesInfo().filter((name) => /Message|Process|Pipe|Worker/.test(name))
        .length,
      actors: running.daemon.overview.actors().length,
    })
    let generation = 1
    const crashOnce = async (fault: string) => {
      generation += 1
      running.daemon.inject('reverse_proxy', fault)
      await until(
        'the next generation',
        () => running.stateOf(`reverse_proxy#${generation}`) === 'running.alive',
      )
      await until('it listens', () => running.stateOf('listener:reverse_proxy/0/0') === 'delegated')
      expect(await ask(running.port('reverse_proxy'))).toBe(200)
      await until('the dead one is gone', () => running.stateOf(`reverse_proxy#${generation - 1}`) === null)
    }
    await crashOnce('kill')
    const before = owned()
    for (const fault of ['kill', 'throw', 'exit', 'kill']) await crashOnce(fault)
    const isAsBefore = () => {
      const { descriptors, handles, actors } = owned()
      // A connection that the test itself has closed may not have ended yet.
      return descriptors <= before.descriptors + 1 && handles <= before.handles && actors === before.actors
    }
    await until('it owns what it owned', isAsBefore)
  })

  test('is not alive for /health until it is back', async () => {
    await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'), {
      isolation,
      allowFaults: true,
      policy: { ...defaultRestartPolicy, intensity: 0, revivalMs: 60_000 },
    })
    running.daemon.inject('reverse_proxy', 'kill')
    await until('it gives up', () => running.stateOf('supervisor:reverse_proxy') === 'gaveUp')
    const answer = await running.admin('/health')
    expect(answer.status).toBe(503)
    expect(answer.json()).toMatchObject({
      status: 'Critical',
      workers: {
        reverse_proxy: { status: 'Critical', reasons: ['no instance is alive'] },
        forward_proxy: { status: 'Healthy' },
      },
    })
  })
})

describe.each(['thread', 'process'] as const)(
  'a connection that arrives while an instance (%s) is being replaced',
  (isolation) => {
    test('is held by main and served by the replacement', async () => {
      await using origin = await startOrigin()
      await using running = await startTestDaemon(twoWorkers(`http://${origin.authority}`), {
        isolation,
        allowFaults: true,
      })
      const port = running.port('reverse_proxy')
      running.daemon.inject('reverse_proxy', 'kill')
      await until('main holds the address', () => running.stateOf('listener:reverse_proxy/0/0') === 'holding')
      expect(await ask(port)).toBe(200)
      expect(running.stateOf('reverse_proxy#2')).toBe('running.alive')
    })

    test('is answered 503 if no instance takes it in time', async () => {
      await using running = await startTestDaemon(twoWorkers('http://127.0.0.1:9'), {
        isolation,
        allowFaults: true,
        hold: { maxHeld: 10, maxHeldMs: 50 },
        policy: { ...defaultRestartPolicy, intensity: 0 },
      })
      running.daemon.inject('reverse_proxy', 'kill')
      await until('it gives up', () => running.stateOf('listener:reverse_proxy/0/0') === 'refusing')
      expect(await ask(running.port('reverse_proxy'))).toBe(503)
    })
  },
)
