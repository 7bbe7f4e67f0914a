import { describe, expect, onTestFinished, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { linesWith, memoryLimits, startLimitedWorkers } from '../../kit/daemons/limited-workers.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

describe.each(memoryLimits)('cpu ($isolation)', ({ isolation }) => {
  test('use above max_cpu_percent makes the instance degraded until it falls', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(
      `http://${origin.authority}`,
      { max_cpu_percent: 5 },
      { isolation, samplePeriodMs: 250 },
    )
    const port = running.port('reverse_proxy')
    const stateOf = () => running.stateOf('reverse_proxy#1/reverse')
    const isQuiet = () => running.daemon.overview.health().workers['reverse_proxy']?.status === 'Healthy'
    const opened: RawClient[] = []
    onTestFinished(() => {
      for (const client of opened) client.destroy()
    })
    const isKept = async () => {
      const client = await RawClient.connect(port)
      opened.push(client)
      return (await client.get('/')).get('connection') !== 'close'
    }
    await until(
      'what its start cost is over, and a connection is kept',
      async () => isQuiet() && (await isKept()),
    )
    const kept = opened.at(-1) as RawClient
    running.daemon.inject('reverse_proxy', 'burn')
    await until('degraded', () => stateOf() === 'degraded')
    using refused = await RawClient.connect(port)
    expect((await refused.get('/')).status).toBe(503)
    const last = await kept.get('/')
    expect([last.status, last.get('connection')]).toEqual([200, 'close'])
    expect((await running.admin('/health')).text).toMatch(/cpu at \d+ % of the limit/)
    await until('accepting', () => stateOf() === 'accepting', 10_000)
    await until('connections are kept again', isKept)
    expect(running.stateOf('reverse_proxy#1')).toBe('running.alive')
    const count = (text: string) => linesWith(running, `Worker ReverseProxy ${text}`).length
    expect(count('warning')).toBeGreaterThan(0)
    await until('each warning is taken back', () => count('is healthy') === count('warning'))
  })
})
