import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { openSilentClients } from '../kit/clients/silent-clients.ts'
import { expectContained, expectServed, watchBystanders } from '../kit/daemons/bystander.ts'
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOriginThread } from '../kit/origins/origin-thread.ts'
import { isServing } from '../kit/waiting/is-serving.ts'
import { until } from '../kit/waiting/until.ts'

const folder = tempDir()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Type = 'forward_proxy' | 'reverse_proxy' | 'static_files'

interface Scenario extends TestDaemonOptions {
  readonly victim: Type
  /** Settings of the victim. */
  readonly settings?: object
}

interface Scene {
  readonly running: TestDaemon
  readonly port: number
  /** Root folder of the static files. */
  readonly root: string
}

/** Runs all three types on their own ports. Clients of the other two types watch a fault of one of them. */
async function watched(
  { victim, settings = {}, ...options }: Scenario,
  happening: (scene: Scene) => Promise<unknown>,
) {
  const root = mkdtempSync(join(folder, 'site-'))
  writeFileSync(join(root, 'index.html'), 'static page')
  await using origin = await startOriginThread()
  // Used by the bystander alone: a busy upstream of the victim is not a fault of a worker.
  await using other = await startOriginThread()
  // Witnesses without pause exceed the default CPU limit, which has its own test.
  const cpu = { port: 0, max_cpu_percent: 100 }
  const blocks: Record<Type, object> = {
    forward_proxy: cpu,
    reverse_proxy: { ...cpu, target: `http://${origin.authority}` },
    static_files: { ...cpu, mounts: [{ path: '/', root_dir: root }] },
  }
  const workers = { ...blocks, [victim]: { ...blocks[victim], ...settings } }
  await using running = await startTestDaemon(
    { mode: 'Combined', listen_addr: '127.0.0.1:0', workers },
    { allowFaults: true, ...options },
  )
  const bystanders = (Object.keys(blocks) as Type[])
    .filter((name) => name !== victim)
    .map((name) => ({
      name,
      port: running.port(name),
      target: name === 'forward_proxy' ? `http://${other.authority}/` : '/',
    }))
  const seen = await watchBystanders(bystanders, () =>
    happening({ running, port: running.port(victim), root }),
  )
  for (const { name } of bystanders) {
    expect(running.stateOf(`${name}#1`)).toBe('running.alive')
    expect(running.stateOf(`supervisor:${name}`)).toBe('supervising.steady')
  }
  return seen
}

const isAlive = (running: TestDaemon, id: string) => running.stateOf(id) === 'running.alive'

async function connectAll(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1' }))
  for (const socket of sockets) socket.on('error', () => {})
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  await until(`${count} connections`, () => sockets.every(({ connecting }) => !connecting), 20_000)
  return sockets
}

/** Limits that an idle instance stays well below. For a process all resident memory counts. */
const memory = { thread: { max_memory_mb: 64 }, process: { max_memory_mb: 160 } } as const

describe.each(['thread', 'process'] as const)('the other types (%s) withstand', (isolation) => {
  test.each([
    ['throw', {}],
    ['reject', {}],
    ['exit', {}],
    ['kill', {}],
    ['heap', memory[isolation]],
    ['leak', memory[isolation]],
    ['buffers', memory[isolation]],
    ['spin', { stuck_secs: 1 }],
  ] as const)('%s', async (fault, settings) => {
    await expectContained(() =>
      watched({ isolation, victim: 'reverse_proxy', settings }, async ({ running, port }) => {
        running.daemon.inject('reverse_proxy', fault)
        await until('it is replaced', () => isServing(running, 'reverse_proxy', 2), 15_000)
        using client = await RawClient.connect(port)
        expect((await client.get('/')).status).toBe(200)
      }),
    )
  })

  test('a crash loop; its worker gives up, and is revived after the revival time', async () => {
    const policy = { ...defaultRestartPolicy, intensity: 2, revivalMs: 500 }
    await expectContained(() =>
      watched({ isolation, policy, victim: 'reverse_proxy' }, async ({ running, port }) => {
        for (let generation = 1; generation <= 3; generation++) {
          await until(
            `generation ${generation}`,
            () => isAlive(running, `reverse_proxy#${generation}`),
            15_000,
          )
          running.daemon.inject('reverse_proxy', 'kill')
        }
        await until('it is given up', () => running.stateOf('supervisor:reverse_proxy') === 'gaveUp')
        await until('it is revived', () => isAlive(running, 'reverse_proxy#4'), 15_000)
        using client = await RawClient.connect(port)
        expect((await client.get('/')).status).toBe(200)
      }),
    )
  })

  test('crashes at start; the worker gives up, and is revived once the cause is gone', async () => {
    const policy = { ...defaultRestartPolicy, intensity: 2, revivalMs: 500 }
    const hold = { maxHeld: 10, maxHeldMs: 50 }
    await expectContained(() =>
      watched({ isolation, policy, hold, victim: 'static_files' }, async ({ running, port, root }) => {
        rmSync(root, { recursive: true })
        running.daemon.inject('static_files', 'kill')
        await until('it is given up', () => running.stateOf('supervisor:static_files') === 'gaveUp', 15_000)
        // Main holds the address, and no instance takes the connection.
        using client = await RawClient.connect(port)
        expect((await client.get('/')).status).toBe(503)
        mkdirSync(root)
        writeFileSync(join(root, 'index.html'), 'static page')
        const isServed = async () => {
          using again = await RawClient.connect(port)
          return (await again.get('/')).status === 200
        }
        await until('it is revived', isServed, 15_000)
        const why = 'the root of the static mount / cannot be opened'
        const starts = running.log.filter((line) => line.includes('"reason":"threw"') && line.includes(why))
        expect(starts.length).toBeGreaterThanOrEqual(2)
      }),
    )
  })

  test('ten thousand idle connections', async () => {
    const settings = { max_connections: 20_000, timeouts: { header_secs: 120 } }
    await expectContained(() =>
      watched({ isolation, victim: 'reverse_proxy', settings }, async ({ running, port }) => {
        await using _crowd = await openSilentClients(port, 10_000)
        const line = 'worker_connections_active{proxy_type="ReverseProxy"} 10000\n'
        const isCounted = async () => (await running.admin('/metrics')).text.includes(line)
        await until('they are counted', isCounted, 20_000)
      }),
    )
  }, 120_000)

  test('a stall of main for two seconds', async () => {
    await expectContained(() =>
      watched({ isolation, victim: 'reverse_proxy' }, async () => {
        const end = performance.now() + 2_000
        while (performance.now() < end);
      }),
    )
  })
})

describe.each(['thread', 'process', 'shared'] as const)('the other types (%s) withstand', (isolation) => {
  /** In `shared` the clients of the test run in the thread of the workers, too. */
  const contained = isolation === 'shared' ? expectServed : expectContained

  test('clients that never read', async () => {
    await contained(() =>
      watched({ isolation, victim: 'reverse_proxy' }, async ({ running, port }) => {
        const sockets = await connectAll(port, 50)
        for (const socket of sockets) {
          socket.pause()
          socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n')
        }
        const block = () => running.daemon.overview.counters('reverse_proxy')
        await until('it has them all', () => block()?.connectionsActive === 50, 10_000)
      }),
    )
  })

  test('clients that never send, which are disconnected at the header deadline', async () => {
    const settings = { timeouts: { header_secs: 0.5 } }
    await contained(() =>
      watched({ isolation, victim: 'reverse_proxy', settings }, async ({ port }) => {
        const sockets = await connectAll(port, 200)
        await until('all are ended', () => sockets.every(({ readyState }) => readyState !== 'open'), 15_000)
      }),
    )
  })
})
