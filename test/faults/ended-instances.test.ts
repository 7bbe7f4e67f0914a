/** Descriptors that an ended instance leaves open in the process. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  open,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { RawClient } from '../kit/clients/raw-client.ts'

import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { until } from '../kit/waiting/until.ts'

/** Target of each descriptor of this process, without numbers. */
function descriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      // The descriptor that read the list itself.
      return []
    }
  })
}

const authorization = `Authorization: Basic ${btoa('a:secret')}`

const openBelow = (folder: string) => descriptors().filter((path) => path.startsWith(`${folder}/`))

interface Scene {
  readonly running: TestDaemon
  readonly folder: string
}

async function scene(settings: object = {}): Promise<Scene> {
  const folder = tempDir()
  // Larger than the memory cache and two socket buffers, so the file stays open while the client does not
  // read.
  writeFileSync(join(folder, 'large.bin'), '')
  truncateSync(join(folder, 'large.bin'), 64 * 1024 * 1024)
  const accessLog = { path: join(folder, 'access.log'), flush_ms: 1 }
  // bcrypt runs in a thread below the instance.
  const users = [{ name: 'a', password: hashSync('secret', 4) }]
  const block = {
    auth: { users },
    mounts: [{ path: '/', root_dir: folder }],
    access_log: accessLog,
    max_cpu_percent: 100,
  }
  const running = await startTestDaemon(
    {
      mode: 'Static',
      listen_addr: '127.0.0.1:0',
      drain_timeout_secs: 0.1,
      workers: { static_files: { ...block, ...settings } },
    },
    { isolation: 'thread', allowFaults: true, policy: { ...defaultRestartPolicy, intensity: 1_000 } },
  )
  return { running, folder }
}

/** Sends one request that is logged, and one whose file stays open because its client does not read. */
async function use({ running, folder }: Scene): Promise<Disposable> {
  const port = running.port('static_files')
  using client = await RawClient.connect(port)
  expect((await client.get('/none', authorization)).status).toBe(404)
  const slow = await RawClient.connect(port)
  slow.socket.pause()
  slow.head('GET /large.bin HTTP/1.1', 'Host: a', authorization)
  await until('the file is open', () => openBelow(folder).some((path) => path.endsWith('large.bin')))
  return slow
}

const instances = (running: TestDaemon) =>
  running.daemon.overview
    .actors()
    .map(({ actor, state }) => ({ generation: Number(/^static_files#(\d+)$/.exec(actor)?.[1] ?? 0), state }))
    .filter(({ generation, state }) => generation > 0 && state.startsWith('running.'))

async function replaced(running: TestDaemon, end: () => void): Promise<void> {
  const before = Math.max(...instances(running).map(({ generation }) => generation))
  end()
  await until('its successor serves alone', () => {
    const all = instances(running)
    return all.length === 1 && all[0]?.state === 'running.alive' && all[0].generation > before
  })
}

/** Keeps all file threads of libuv busy until disposal: a queued close stays queued. */
function holdFileThreads(folder: string): Disposable {
  const pipe = join(folder, 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
  // Opening a pipe for reading waits for its writer.
  for (let n = 0; n < 4; n += 1) open(pipe, 'r', (_, fd) => fd !== undefined && closeSync(fd))
  let isHeld = true
  return {
    [Symbol.dispose]() {
      if (isHeld) closeSync(openSync(pipe, 'r+'))
      isHeld = false
    },
  }
}

const recycle = (running: TestDaemon) => running.daemon.recycle('static_files')

/** More than the number of unrelated descriptors that may open and close meanwhile. */
const times = 4

const ends = [
  { name: 'is recycled', end: recycle },
  ...['throw', 'reject', 'exit', 'kill'].map((fault) => ({
    name: `ends by the fault ${fault}`,
    end: (running: TestDaemon) => running.daemon.inject('static_files', fault),
  })),
  {
    name: 'is ended because it is stuck',
    settings: { stuck_secs: 1 },
    end: (running: TestDaemon) => running.daemon.inject('static_files', 'spin'),
  },
  {
    name: 'runs out of memory',
    settings: { max_memory_mb: 64 },
    end: (running: TestDaemon) => running.daemon.inject('static_files', 'heap'),
  },
]

describe('an instance in a thread', () => {
  test.each(ends)('that $name leaves no descriptor open', async ({ settings, end }) => {
    const scenery = await scene(settings)
    const { running, folder } = scenery
    await using _ = running
    await until('its log is open', () => openBelow(folder).length === 1)
    const atRest = descriptors().length
    for (let n = 0; n < times; n += 1) {
      using _slow = await use(scenery)
      renameSync(join(folder, 'access.log'), join(folder, `access.log.${n}`))
      running.daemon.reopenLogs()
      await replaced(running, () => end(running))
    }
    await until('only the log of the last instance is open', () => openBelow(folder).length === 1)
    // Main may make the spare of the listening socket later.
    await until('there are as many descriptors as before', () => descriptors().length <= atRest + 2)
  })

  test('that is recycled while all file threads are busy closes its log', async () => {
    const { running, folder } = await scene()
    await using _ = running
    using client = await RawClient.connect(running.port('static_files'))
    expect((await client.get('/none', authorization)).status).toBe(404)
    await until('it is logged', () => statSync(join(folder, 'access.log')).size > 0)
    using busy = holdFileThreads(folder)
    await replaced(running, () => recycle(running))
    expect(openBelow(folder)).toEqual([])
    busy[Symbol.dispose]()
  })

  test('that ends after a client left while all file threads are busy closes its files', async () => {
    const scenery = await scene()
    const { running, folder } = scenery
    await using _ = running
    const slow = await use(scenery)
    using busy = holdFileThreads(folder)
    slow[Symbol.dispose]()
    await until('it is noticed', () => running.daemon.overview.workers()[0]?.use.connections === 0)
    await replaced(running, () => running.daemon.inject('static_files', 'exit'))
    expect(openBelow(folder)).toEqual([])
    busy[Symbol.dispose]()
  })

  test('that is taken out of service leaves no descriptor open', async () => {
    const scenery = await scene()
    const { running, folder } = scenery
    await using _ = running
    ;(await use(scenery))[Symbol.dispose]()
    running.daemon.stop()
    await running.daemon.stopped
    expect(openBelow(folder)).toEqual([])
  })
})
