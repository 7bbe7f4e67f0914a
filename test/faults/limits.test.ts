import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { churn } from '../kit/clients/reconnecting-clients.ts'
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../kit/daemons/daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { isServing } from '../kit/waiting/is-serving.ts'
import { until } from '../kit/waiting/until.ts'

/** A reverse worker with limits, and a static worker that nothing is done to. */
async function startTwo(
  target: string,
  limits: object,
  options: TestDaemonOptions = {},
  admin: object = { listen_addr: '127.0.0.1:0' },
): Promise<TestDaemon> {
  const site = mkdtempSync(join(tmpdir(), 'bifrost-limits-'))
  onTestFinished(() => rmSync(site, { recursive: true, force: true }))
  writeFileSync(join(site, 'index.html'), 'hello')
  const mounts = [{ path: '/', root_dir: site }]
  // Clients without pause are much for a default; that limit has its own test.
  const cpu = { max_cpu_percent: 100 }
  const workers = {
    static_files: { port: 0, mounts, ...cpu },
    reverse_proxy: { port: 0, target, ...cpu, ...limits },
  }
  const config = { mode: 'Combined', listen_addr: '127.0.0.1:0', workers, admin }
  return await startTestDaemon(config, { allowFaults: true, ...options })
}

const linesWith = (running: TestDaemon, text: string) => running.log.filter((line) => line.includes(text))

/** Breaks the reverse worker while clients connect to both; what the clients saw until the replacement serves. */
async function replaceUnderLoad(running: TestDaemon, fault: string) {
  running.daemon.inject('reverse_proxy', fault)
  const replaced = until('the replacement serves', () => isServing(running, 'reverse_proxy', 2), 15_000)
  const [hit, other] = await Promise.all([
    churn(running.port('reverse_proxy'), 4, () => replaced),
    churn(running.port('static_files'), 2, () => replaced),
  ])
  return { hit, other }
}

const unharmed = { refused: 0, reset: 0, unanswered: 0, busy: 0 }

/** A limit that an idle instance is well below: of a process everything counts that is resident. */
const carriers = [
  { isolation: 'thread', maxMemoryMb: 64 },
  { isolation: 'process', maxMemoryMb: 160 },
] as const

describe.each(carriers)('memory ($isolation)', ({ isolation, maxMemoryMb }) => {
  test('outside of the heap: degraded, then recycled without a refused connection', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(
      `http://${origin.authority}`,
      { max_memory_mb: maxMemoryMb },
      { isolation },
    )
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
    // A collection of the heap may bring it back for a moment.
    expect(linesWith(running, 'limit exceeded')[0]).toContain('"limit":"memory"')
    expect(linesWith(running, 'instance is recycled')).toEqual([expect.stringContaining('reverse_proxy#1')])
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"recycled"')
    expect(running.stateOf('reverse_proxy#2/reverse')).toBe('accepting')
  })

  test.each(['heap', 'heapArrays'])('of the heap (%s): the instance is ended and replaced', async (fault) => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    // Collecting a heap that is nearly full takes seconds where others use the machine too; that is not what ends it here.
    await using running = await startTwo(
      `http://${origin.authority}`,
      { max_memory_mb: maxMemoryMb, stuck_secs: 60 },
      { isolation },
    )
    const before = process.memoryUsage.rss()
    const { other } = await replaceUnderLoad(running, fault)
    expect(other).toMatchObject(unharmed)
    await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0, 10_000)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024)
    const bad = running.log.filter((line) => /^(warn|error)/.test(line))
    expect(bad.filter((line) => line.includes('static_files'))).toEqual([])
  })
})

describe.each(carriers)('memory that V8 does not bound ($isolation)', ({ isolation, maxMemoryMb }) => {
  test('taken in a loop that never ends: the instance is ended by its samples', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(
      `http://${origin.authority}`,
      { max_memory_mb: maxMemoryMb },
      { isolation },
    )
    const { hit, other } = await replaceUnderLoad(running, 'buffers')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(unharmed)
    await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
    expect(linesWith(running, 'instance is ended')[0]).toMatch(/memory at \d+ % of the limit/)
  })
})

describe.each(carriers)('event loop ($isolation)', ({ isolation }) => {
  test('that does not turn for stuck_secs: replaced with 0 refused', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { stuck_secs: 1 }, { isolation })
    const { hit, other } = await replaceUnderLoad(running, 'spin')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(unharmed)
    await until('the end is logged', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"stuck"')
    expect(linesWith(running, 'instance is stuck')).toHaveLength(1)
    expect(running.stateOf('supervisor:static_files')).toBe('supervising.steady')
  })
})

describe.each(carriers)('cpu ($isolation)', ({ isolation }) => {
  test('above max_cpu_percent: degraded, and back when it is over', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(
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

const token = 'a-token-for-tests-only'

/** Changes limits as an operator would. */
function change(running: TestDaemon, worker: string, limits: object, given = token) {
  const headers = { Authorization: `Bearer ${given}` }
  return running.admin(`/limits/${worker}`, 'PATCH', { headers, body: JSON.stringify(limits) })
}

/** Opens connections and asks once over each; what each was answered. */
async function openMany(port: number, count: number, target = '/') {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
  })
  return await Promise.all(
    clients.map(async (client) => ({ client, status: (await client.get(target)).status })),
  )
}

const count = (answers: readonly { readonly status: number }[], status: number) =>
  answers.filter((answer) => answer.status === status).length

describe('limits changed while it runs', () => {
  const admin = { listen_addr: '127.0.0.1:0', token }

  test('hold for new connections at once, and cut none', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const workers = { reverse_proxy: { target: `http://${origin.authority}`, max_connections: 10 } }
    await using running = await startTestDaemon({
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers,
      admin,
    })
    const port = running.port('reverse_proxy')
    const first = await openMany(port, 6)
    const answer = await change(running, 'reverse_proxy', { max_connections: 3 })
    expect([answer.status, answer.json()]).toEqual([
      200,
      { worker: 'reverse_proxy', changed: [{ limit: 'max_connections', from: 10, to: 3 }] },
    ])
    await until('saturated', () => running.stateOf('reverse_proxy#1/reverse') === 'saturated')
    expect(count(await openMany(port, 2), 503)).toBe(2)
    for (const { client } of first) expect((await client.get('/')).status).toBe(200)
    for (const { client } of first.slice(0, 4)) client.destroy()
    await until('there is room', () => running.stateOf('reverse_proxy#1/reverse') === 'accepting')
    expect(count(await openMany(port, 1), 200)).toBe(1)
    await change(running, 'reverse_proxy', { max_connections: 5 })
    await until('accepting', () => running.stateOf('reverse_proxy#1/reverse') === 'accepting')
    expect(count(await openMany(port, 4), 200)).toBe(2)
    expect(running.log.filter((line) => line.includes('limit changed'))).toEqual([
      'info limit changed {"worker":"reverse_proxy","limit":"max_connections","from":10,"to":3,"by":"127.0.0.1"}',
      'info limit changed {"worker":"reverse_proxy","limit":"max_connections","from":3,"to":5,"by":"127.0.0.1"}',
    ])
  })

  test('hold for the memory that is used already, and for the next generation', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, {}, {}, admin)
    await change(running, 'reverse_proxy', { max_memory_mb: 48, max_connections: 2 })
    running.daemon.inject('reverse_proxy', 'leak')
    await until('recycled', () => isServing(running, 'reverse_proxy', 2), 15_000)
    await change(running, 'reverse_proxy', { max_memory_mb: 512 })
    await until('accepting', () => running.stateOf('reverse_proxy#2/reverse') === 'accepting')
    const answers = await openMany(running.port('reverse_proxy'), 3)
    expect([count(answers, 200), count(answers, 503)]).toEqual([2, 1])
  })

  test('are refused without the token, that of the configuration or of its file', async () => {
    await using running = await startTwo('http://127.0.0.1:9', {}, {}, admin)
    expect((await change(running, 'reverse_proxy', { max_memory_mb: 64 }, 'wrong')).status).toBe(401)
    expect((await running.admin('/limits/reverse_proxy', 'PATCH')).status).toBe(401)
    expect((await change(running, 'nobody', { max_memory_mb: 64 })).status).toBe(404)
    const unknown = await change(running, 'reverse_proxy', { max_memory: 64 })
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('max_memory cannot be')])
    expect((await change(running, 'reverse_proxy', { a: 'x'.repeat(5_000) })).status).toBe(413)
    expect((await running.admin('/limits/reverse_proxy')).status).toBe(405)
    expect(running.log.filter((line) => line.includes('limit changed'))).toEqual([])
    await using closed = await startTwo('http://127.0.0.1:9', {})
    const answer = await change(closed, 'reverse_proxy', { max_memory_mb: 64 })
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('admin.token_file')])
  })
})

describe('max_connections_per_client', () => {
  test('refuses the excess connections of one client, and counts them', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startTwo(`http://${origin.authority}`, { max_connections_per_client: 3 })
    const port = running.port('reverse_proxy')
    const answers = await openMany(port, 5)
    expect([count(answers, 200), count(answers, 503)]).toEqual([3, 2])
    using other = await RawClient.connect(port, '127.0.0.1', '127.0.0.2')
    expect((await other.get('/')).status).toBe(200)
    for (const { client } of answers) client.destroy()
    await until('there is room', async () => count(await openMany(port, 1), 200) === 1)
  })

  test('counts for a combined worker as a whole', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const target = `http://${origin.authority}`
    const workers = { forward_proxy: { max_connections_per_client: 2 }, reverse_proxy: { target } }
    await using running = await startTestDaemon({ mode: 'Combined', listen_addr: '127.0.0.1:0', workers })
    const port = running.port('combined')
    expect(count(await openMany(port, 1, `${target}/`), 200)).toBe(1)
    const answers = await openMany(port, 3)
    expect([count(answers, 200), count(answers, 503)]).toEqual([1, 2])
  })
})

describe('an option of Node that overrides the limits of threads', () => {
  test('is refused at start', () => {
    const cli = join(import.meta.dirname, '../../src/cli/bifrost.js')
    const env = { ...process.env, NODE_OPTIONS: '--max-old-space-size=900' }
    const { status, stderr } = spawnSync(process.execPath, [cli], { env, encoding: 'utf8', timeout: 10_000 })
    expect(status).toBe(1)
    expect(stderr).toContain('--max-old-space-size=900, which overrides max_memory_mb')
  })
})
