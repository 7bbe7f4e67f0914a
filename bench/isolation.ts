/**
 * Measures what isolation costs: `npm run bench:isolation`. Prints a table with the bars of the design; a
 * missed bar is printed, not asserted. Everything runs in this process and on loopback.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createActor } from 'xstate'
import { workerSystemId } from '../actors/ledger.ts'
import { workerMachine } from '../actors/worker.ts'
import { createBridge } from '../src/api.ts'

interface Row {
  readonly what: string
  readonly measured: string
  readonly bar: string
  readonly isMet: boolean
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const share = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
const mebibytes = (bytes: number) => bytes / 2 ** 20

/** Opens and closes one connection in the ledger, far below its limit. */
function ledgerCost(): Row {
  const input = { maxConnections: 1_000_000, drainTimeoutMs: 1_000 }
  const worker = createActor(workerMachine, { systemId: workerSystemId, input }).start()
  const { ledger } = worker.getSnapshot().context
  const opened = { type: 'conn.opened' } as const
  const closed = { type: 'conn.closed' } as const
  const rounds: number[] = []
  for (let round = 0; round < 12; round++) {
    const startedAt = performance.now()
    for (let n = 0; n < 200_000; n++) {
      ledger.send(opened)
      ledger.send(closed)
    }
    // The first two warm up.
    if (round > 1) rounds.push(((performance.now() - startedAt) * 1000) / 200_000)
  }
  const us = median(rounds)
  return {
    what: 'ledger, open + close of a connection',
    measured: `${us.toFixed(3)} us`,
    bar: '<= 0.5 us',
    isMet: us <= 0.5,
  }
}

const staticOn = (instances: number, path = '/') => ({
  mode: 'Static' as const,
  listen_addr: '127.0.0.1:0',
  drain_timeout_secs: 1,
  workers: {
    static_files: {
      worker_threads: instances,
      mounts: [{ path, root_dir: `${import.meta.dirname}/../config/site` }],
    },
  },
})

/** Compares RSS of several instances and of one, and measures the time from start to serving. */
async function instanceCost(): Promise<readonly Row[]> {
  const settle = () => new Promise((resolve) => setTimeout(resolve, 1_500))
  const rss: number[] = []
  for (const instances of [1, 9]) {
    await using _bridge = await createBridge(staticOn(instances))
    await settle()
    rss.push(process.memoryUsage().rss)
  }
  const each = mebibytes((rss[1] ?? 0) - (rss[0] ?? 0)) / 8
  const ready: number[] = []
  for (let n = 0; n < 7; n++) {
    const startedAt = performance.now()
    await using _bridge = await createBridge(staticOn(1))
    ready.push(performance.now() - startedAt)
  }
  const readyMs = median(ready)
  return [
    {
      what: 'a further thread instance, idle',
      measured: `${each.toFixed(1)} MiB RSS`,
      bar: '<= 15 MiB',
      isMet: each <= 15,
    },
    {
      what: 'bridge of one instance, from start to serving',
      measured: `${readyMs.toFixed(0)} ms`,
      bar: '<= 150 ms',
      isMet: readyMs <= 150,
    },
  ]
}

/** Times from connect to the response to a request on a new connection. */
async function connectTimes(port: number, count: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now()
    const socket: Socket = connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => socket.write('GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))
    await once(socket, 'data')
    times.push(performance.now() - startedAt)
    socket.destroy()
  }
  return times
}

/** A bare server in a thread, with the thread boundaries and the response of the supervised worker. */
const bareServer = `
  const { createServer } = require('node:http')
  const server = createServer((_req, res) => res.writeHead(404).end('x'))
  server.listen({ port: 0, host: '127.0.0.1' }, () =>
    require('node:worker_threads').parentPort.postMessage(server.address().port))
`

/**
 * Sends the same request, answered 404 without disk access, to a supervised worker and to a bare server in
 * alternating rounds. The difference of neighbouring rounds is our overhead, whatever else the machine does.
 */
async function acceptanceCost(): Promise<Row> {
  const bare = new Worker(bareServer, { eval: true })
  const [barePort] = (await once(bare, 'message')) as [number]
  await using bridge = await createBridge(staticOn(1, '/files'))
  const port = bridge.addresses['static_files']?.[0]?.port ?? 0
  const p99 = async (to: number) => share(await connectTimes(to, 300), 0.99)
  for (let round = 0; round < 3; round++) for (const to of [port, barePort]) await p99(to)
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < 20; round++) {
    // Alternate which one goes first.
    if (round % 2 === 0) ours.push(await p99(port))
    theirs.push(await p99(barePort))
    if (round % 2 === 1) ours.push(await p99(port))
  }
  await bare.terminate()
  const added = median(ours.map((one, at) => one - (theirs[at] ?? 0)))
  return {
    what: 'connection acceptance, p99 beyond a bare node:http server in a thread',
    measured: `${added.toFixed(2)} ms (${median(ours).toFixed(2)} against ${median(theirs).toFixed(2)})`,
    bar: '< 1 ms',
    isMet: added < 1,
  }
}

/**
 * CPU of the idle process with three instances: samples, verdicts, health, beats. Median of three windows of
 * 10 s.
 */
async function checkCost(): Promise<Row> {
  await using _bridge = await createBridge(staticOn(3))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const windows: number[] = []
  for (let n = 0; n < 3; n++) {
    const before = process.cpuUsage()
    const startedAt = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const { user, system } = process.cpuUsage(before)
    windows.push(((user + system) / 1000 / (performance.now() - startedAt)) * 100)
  }
  const percent = median(windows)
  return {
    what: 'limit checks and all else of three idle instances',
    measured: `${percent.toFixed(3)} % of a core`,
    bar: '<= 0.1 %',
    isMet: percent <= 0.1,
  }
}

// As the command line does; threads read the variable at their start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/bifrost')
// Pay the kernel's cost of a first listening port before measuring.
createServer().listen(0).close()
const [load] = loadavg()
const rows = [ledgerCost(), ...(await instanceCost()), await acceptanceCost(), await checkCost()]
const lines = rows.map(
  ({ what, measured, bar, isMet }) => `| ${what} | ${measured} | ${bar} | ${isMet ? 'met' : 'missed'} |`,
)
process.stdout.write(
  [
    `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, load before ${load?.toFixed(2)}`,
    ...((load ?? 0) > 0.5 ? ['The machine was not quiet: read these as upper bounds.'] : []),
    '',
    '| what | measured | bar | |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n'),
)
