import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { churn } from '../kit/churn.ts'
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../kit/daemon.ts'
import { startOrigin } from '../kit/origin.ts'
import { RawClient } from '../kit/raw-client.ts'
import { until } from '../kit/until.ts'

/** A reverse worker with limits, and a static worker that nothing is done to. */
async function startTwo(
  target: string,
  limits: object,
  options: TestDaemonOptions = {},
): Promise<TestDaemon> {
  const site = mkdtempSync(join(tmpdir(), 'bifrost-limits-'))
  onTestFinished(() => rmSync(site, { recursive: true, force: true }))
  writeFileSync(join(site, 'index.html'), 'hello')
  const mounts = [{ path: '/', root_dir: site }]
  const workers = { static_files: { port: 0, mounts }, reverse_proxy: { port: 0, target, ...limits } }
  const config = { mode: 'Combined', listen_addr: '127.0.0.1:0', workers }
  return await startTestDaemon(config, { allowFaults: true, ...options })
}

const isServing = (running: TestDaemon, generation: number) =>
  running.stateOf(`reverse_proxy#${generation}`) === 'running.alive' &&
  running.stateOf('listener:reverse_proxy/0/0') === 'delegated'

const linesWith = (running: TestDaemon, text: string) => running.log.filter((line) => line.includes(text))

/** Breaks the reverse worker while clients connect to both; what the clients saw until the replacement serves. */
async function replaceUnderLoad(running: TestDaemon, fault: string) {
  running.daemon.inject('reverse_proxy', fault)
  const replaced = until('the replacement serves', () => isServing(running, 2), 15_000)
  const [hit, other] = await Promise.all([
    churn(running.port('reverse_proxy'), 4, replaced),
    churn(running.port('static_files'), 2, replaced),
  ])
  return { hit, other }
}

const unharmed = { refused: 0, reset: 0, unanswered: 0, busy: 0 }

describe('memory', () => {
  it('outside of the heap: degraded, then recycled without a refused connection', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { max_memory_mb: 64 })
    const moves = () =>
      running.daemon.overview
        .moves()
        .filter(({ actor }) => actor === 'reverse_proxy#1/reverse')
        .map(({ state, cause }) => `${state} by ${cause}`)
    const { hit, other } = await replaceUnderLoad(running, 'leak')
    expect(moves().slice(0, 2)).toEqual(['accepting by xstate.init', 'degraded by limit.exceeded'])
    expect(hit).toMatchObject({ refused: 0, reset: 0, unanswered: 0 })
    expect(other).toMatchObject(unharmed)
    await until('the old one is gone', () => running.stateOf('reverse_proxy#1') === null)
    expect(linesWith(running, 'limit exceeded')).toHaveLength(1)
    expect(linesWith(running, 'instance is recycled')).toHaveLength(1)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"recycled"')
    expect(running.stateOf('reverse_proxy#2/reverse')).toBe('accepting')
  })

  it.each(['heap', 'heapArrays'])('of the heap (%s): the instance is ended and replaced', async (fault) => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { max_memory_mb: 64 })
    const before = process.memoryUsage.rss()
    const { other } = await replaceUnderLoad(running, fault)
    expect(other).toMatchObject(unharmed)
    await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0, 10_000)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024)
    expect(linesWith(running, 'static_files')).toEqual([])
  })
})

describe('memory that V8 does not bound', () => {
  it('taken in a loop that never ends: the instance is ended by its samples', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { max_memory_mb: 64 })
    const { hit, other } = await replaceUnderLoad(running, 'buffers')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(unharmed)
    await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
    expect(linesWith(running, 'instance is ended')[0]).toMatch(/memory at \d+ % of the limit/)
  })
})

describe('event loop', () => {
  it('that does not turn for stuck_secs: replaced with 0 refused', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { stuck_secs: 1 })
    const { hit, other } = await replaceUnderLoad(running, 'spin')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(unharmed)
    await until('the end is logged', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"stuck"')
    expect(linesWith(running, 'instance is stuck')).toHaveLength(1)
    expect(running.stateOf('supervisor:static_files')).toBe('supervising.steady')
  })
})

describe('cpu', () => {
  it('above max_cpu_percent: degraded, and back when it is over', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { max_cpu_percent: 10 })
    const port = running.port('reverse_proxy')
    using kept = await RawClient.connect(port)
    expect((await kept.get('/')).get('connection')).not.toBe('close')
    running.daemon.inject('reverse_proxy', 'burn')
    const stateOf = () => running.stateOf('reverse_proxy#1/reverse')
    await until('degraded', () => stateOf() === 'degraded')
    using refused = await RawClient.connect(port)
    expect((await refused.get('/')).status).toBe(503)
    const last = await kept.get('/')
    expect([last.status, last.get('connection')]).toEqual([200, 'close'])
    expect((await running.admin('/health')).text).toMatch(/cpu at \d+ % of the limit/)
    await until('accepting', () => stateOf() === 'accepting')
    using later = await RawClient.connect(port)
    expect((await later.get('/')).get('connection')).not.toBe('close')
    expect(running.stateOf('reverse_proxy#1')).toBe('running.alive')
    expect(linesWith(running, 'Worker ReverseProxy warning')).toHaveLength(1)
    await until('said to be healthy', () => linesWith(running, 'Worker ReverseProxy is healthy').length === 1)
  })
})
