import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Listeners } from '../../../src/supervise/listeners/listeners.ts'
import { readCounters } from '../../../src/telemetry/metrics/counters.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startLoose } from '../../kit/daemons/loose-instance.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { tied } from '../../kit/processes/tied.ts'
import { until } from '../../kit/waiting/until.ts'

const root = join(import.meta.dirname, '../../..')
const entry = join(root, 'src/instance/process-entry.ts')
const key = 'forward_proxy/0/0'
const specs = [{ key, group: 'forward_proxy/0', address: { host: '127.0.0.1', port: 0 }, isContained: true }]

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

const isInstance = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('process-entry')

/** State R: the process is running on a CPU at the moment. */
const isRunning = (pid: number) => /^\d+ \(.*\) R /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('counters of a process', () => {
  test('are complete at its next beat, and also after it throws', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      {
        mode: 'Reverse',
        listen_addr: '127.0.0.1:0',
        workers: { reverse_proxy: { target: `http://${origin.authority}` } },
      },
      { isolation: 'process', allowFaults: true },
    )
    const counted = async () =>
      Number(/requests_total\S* (\d+)/.exec((await running.admin('/metrics')).text)?.[1] ?? -1)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    for (let at = 0; at < 5; at += 1) await client.get('/')
    await until('they are counted', async () => (await counted()) === 5, 2_500)
    for (let at = 0; at < 3; at += 1) await client.get('/')
    running.daemon.inject('reverse_proxy', 'throw')
    await until('the next generation', () => running.stateOf('reverse_proxy#2') === 'running.alive')
    await until('the first is gone', () => running.stateOf('reverse_proxy#1') === null)
    expect(await counted()).toBe(8)
    using next = await RawClient.connect(running.port('reverse_proxy'))
    await next.get('/')
    await until('they go on from there', async () => (await counted()) === 9, 2_500)
  })
})

describe('memory of a process', () => {
  test('excludes the Node runtime, so an idle process stays far below a limit that Node would exceed', async () => {
    await using running = await startTestDaemon(
      { mode: 'Forward', listen_addr: '127.0.0.1:0', workers: { forward_proxy: { max_memory_mb: 48 } } },
      { isolation: 'process' },
    )
    const { overview } = running.daemon
    const samples: number[] = []
    // About twenty readings per sample: every reading queries the kernel, but the process reports once a
    // second.
    await until('three different samples', () => {
      const [use] = overview.instances()
      if (use !== undefined && use.memory_bytes !== samples.at(-1)) samples.push(use.memory_bytes)
      return samples.length >= 3
    })
    expect(Math.max(...samples)).toBeLessThan(0.8 * 48 * 1024 * 1024)
    expect(running.stateOf('forward_proxy#1')).toBe('running.alive')
  })
})

describe('a process that spins', () => {
  test('is detected by its CPU time and its missing beats, and can be killed', async () => {
    await using instance = await startLoose({ isolation: 'process' })
    // The start itself uses CPU time.
    await until('it idles', async () => (await instance.channel.usage()).loopUtilization < 0.9)
    const before = await instance.channel.usage()
    expect(before.memoryBytes).toBeGreaterThan(4 * 1024 * 1024)
    expect(before.memoryBytes).toBeLessThan(24 * 1024 * 1024)
    instance.channel.post({ type: 'fault', fault: 'spin' })
    await until('its loop is busy', async () => (await instance.channel.usage()).loopUtilization === 1)
    expect((await instance.channel.usage()).cpuMs).toBeGreaterThan(before.cpuMs + 200)
    instance.channel.kill()
    await until('it is gone', () => instance.exit() !== null)
    expect(instance.exit()).toMatchObject({ errorCode: 'TERMINATED' })
  })

  test('returns undelivered sockets: the server keeps listening, and a successor gets the held sockets', async () => {
    const listeners = new Listeners(specs)
    await listeners.bind(key)
    const { port } = listeners.addressOf(key)
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.connect(port)))
    for (const client of clients) client.head('GET / HTTP/1.1', 'Host: a')
    await until('main holds them', () => listeners.heldCount(key) === 3)
    const undelivered: (readonly [string, Parameters<Listeners['holdAgain']>[1]])[] = []
    await using first = await startLoose({
      isolation: 'process',
      onMessage: (message) => {
        if (message.type === 'listener.returned') listeners.adopt(key, message.server)
      },
      onUndelivered: (...one) => undelivered.push(one),
    })
    first.channel.post({ type: 'fault', fault: 'spin' })
    listeners.move(key, first.channel)
    using late = await RawClient.connect(port)
    late.head('GET / HTTP/1.1', 'Host: a')
    await new Promise((resolve) => setTimeout(resolve, 50))
    first.channel.kill()
    await until('it is gone', () => first.exit() !== null)
    for (const one of undelivered) listeners.holdAgain(...one)
    expect(listeners.heldCount(key)).toBe(4)
    await using second = await startLoose({ isolation: 'process', generation: 2 })
    listeners.move(key, second.channel)
    for (const client of [...clients, late]) {
      expect((await client.response()).status).toBe(400)
      client.destroy()
    }
    listeners.close()
  })
})

describe('the end of a process', () => {
  test('is reported as out of memory when the heap is full', async () => {
    await using instance = await startLoose({ isolation: 'process', maxMemoryMb: 32 })
    instance.channel.post({ type: 'fault', fault: 'heap' })
    await until('it is gone', () => instance.exit() !== null, 15_000)
    expect(instance.exit()).toMatchObject({ errorCode: 'ERR_WORKER_OUT_OF_MEMORY' })
    // V8's dump has about forty lines.
    const lines = instance.messages.flatMap((message) => (message.type === 'log' ? [message] : []))
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.length).toBeLessThan(12)
    expect(lines.map(({ fields }) => fields['line'])).toContainEqual(expect.stringMatching(/^FATAL ERROR/))
  })

  test('is not caused by SIGINT or SIGTERM, which the main process handles', async () => {
    await using instance = await startLoose({ isolation: 'process' })
    const [pid] = childrenOf(process.pid).filter(isInstance)
    // Guards against process.kill(0), which would end this process and its whole group.
    if (pid === undefined) throw new TypeError('the process of the instance was not found')
    process.kill(pid, 'SIGINT')
    process.kill(pid, 'SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(instance.exit()).toBeNull()
    process.kill(pid, 'SIGKILL')
    await until('it is gone', () => instance.exit() !== null)
    expect(instance.exit()?.message).toContain('SIGKILL from outside')
  })

  test('follows when its channel to the main process closes', async () => {
    const child = tied(fork(entry, ['a#1', String(process.pid)], { serialization: 'advanced' }))
    await new Promise((resolve) => setTimeout(resolve, 50))
    child.disconnect()
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })

  test('follows when the main process ended before the child could identify it', async () => {
    const main = spawnSync('true')
    const child = tied(fork(entry, ['a#1', String(main.pid)], { serialization: 'advanced' }))
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGKILL')
  })

  test.each(['idle', 'spinning'])(
    'follows when the main process is killed, without orphans (%s)',
    async (state) => {
      const folder = tempDir()
      const file = join(folder, 'config.json')
      const workers = { forward_proxy: { isolation: 'process', worker_threads: 2, stuck_secs: 60 } }
      const admin = { listen_addr: `127.0.0.1:${await freePort()}` }
      const config = { mode: 'Forward', listen_addr: '127.0.0.1:0', admin, workers }
      writeFileSync(file, JSON.stringify(config))
      const main = tied(
        spawn(process.execPath, [join(root, 'src/cli/bifrost.js'), '--config', file], {
          stdio: 'ignore',
          env: { ...process.env, BIFROST_FAULTS: '1' },
        }),
      )
      const ask = (path: string, method = 'GET') => fetch(`http://${admin.listen_addr}${path}`, { method })
      const isUp = () =>
        ask('/health').then(
          ({ ok }) => ok,
          () => false,
        )
      await until('its instances run', isUp, 15_000)
      const { pid = 0 } = main
      const children = childrenOf(pid).filter(isInstance)
      expect(children).toHaveLength(2)
      if (state === 'spinning') {
        expect((await ask('/faults/forward_proxy/spin', 'POST')).status).toBe(202)
        await until('they spin', () => children.every(isRunning))
      }
      main.kill('SIGKILL')
      await once(main, 'exit')
      try {
        await until('they are gone too', () => !children.some(isAlive), 10_000)
      } finally {
        for (const child of children.filter(isAlive)) process.kill(child, 'SIGKILL')
        rmSync(folder, { recursive: true })
      }
    },
  )
})

describe('an instance in the main thread', () => {
  test('refuses faults that would end the main process, and logs the refusal', async () => {
    await using running = await startTestDaemon(
      { mode: 'Forward', listen_addr: '127.0.0.1:0', workers: { forward_proxy: {} } },
      { isolation: 'shared', allowFaults: true },
    )
    for (const fault of ['exit', 'spin', 'heap', 'throw', 'reject'])
      expect(running.daemon.inject('forward_proxy', fault)).toBe(false)
    const refusals = () => running.log.filter((line) => line.includes(' is refused'))
    await until('all are logged', () => refusals().length === 5)
    expect(refusals()[0]).toContain('fault exit is refused')
    using client = await RawClient.connect(running.port('forward_proxy'))
    expect((await client.get('/')).status).toBe(400)
    expect(running.daemon.inject('forward_proxy', 'kill')).toBe(true)
    await client.ended()
    await until('the next generation', () => running.stateOf('forward_proxy#2') === 'running.alive')
    using next = await RawClient.connect(running.port('forward_proxy'))
    expect((await next.get('/')).status).toBe(400)
  })

  test('counts in the counter block of the main thread', async () => {
    const listeners = new Listeners(specs)
    await listeners.bind(key)
    await using instance = await startLoose({ isolation: 'shared' })
    listeners.move(key, instance.channel)
    using client = await RawClient.connect(listeners.addressOf(key).port)
    await client.get('/')
    expect(readCounters(instance.block).requestsTotal).toBe(1)
  })
})
