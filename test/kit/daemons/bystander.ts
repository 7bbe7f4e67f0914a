/** Measures whether a fault in one worker affects the requests of others. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect } from 'vitest'
import { startOriginThread } from '../origins/origin-thread.ts'
import { until } from '../waiting/until.ts'

/** A worker that must not be affected: its port, and the target to request from it. */
export interface Bystander {
  readonly name: string
  readonly port: number
  readonly target?: string
}

interface Span {
  readonly served: number
  readonly failed: number
  /** Why requests failed. */
  readonly why: readonly string[]
  readonly p99Ms: number
}

interface Seen {
  readonly name: string
  /** Results of a server outside the daemon at the same time, which show the effect of the machine. */
  readonly control: Span
  readonly quiet: Span
  readonly meanwhile: Span
}

/**
 * Sends requests from its own thread, so that it continues while the test's thread is busy: to each bystander
 * one at a time, each over a new connection, 2 ms apart.
 */
const source = `
const { parentPort, workerData } = require('node:worker_threads')
const { connect } = require('node:net')
const { bystanders, progress } = workerData
// progress: [phase (0 warming, 1 quiet, 2 meanwhile, 3 over), requests of each bystander in this phase ...]
const seen = bystanders.map(() => [0, 1, 2].map(() => ({ times: [], why: [] })))
function ask(at) {
  if (progress[0] === 3) return
  const phase = progress[0]
  const { port, target = '/' } = bystanders[at]
  const startedAt = performance.now()
  let answer = ''
  let fault = 'no answer'
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(5000, () => { fault = 'nothing for 5 s'; socket.destroy() })
  socket.on('connect', () => socket.write('GET ' + target + ' HTTP/1.1\\r\\nHost: bystander.test\\r\\nConnection: close\\r\\n\\r\\n'))
  socket.on('data', (piece) => { answer += piece.toString('latin1') })
  socket.on('error', (error) => { fault = error.code })
  socket.on('close', () => {
    const span = seen[at][phase]
    if (answer.startsWith('HTTP/1.1 200')) span.times.push(performance.now() - startedAt)
    else span.why.push(answer.split('\\r\\n')[0] || fault)
    if (phase === progress[0]) progress[at + 1] += 1
    setTimeout(ask, 2, at)
  })
}
bystanders.forEach((_, at) => ask(at))
parentPort.once('message', () => parentPort.postMessage(seen))
`

/** Requests to each bystander in each phase; enough that the 99th percentile is not the maximum. */
const samples = 150

interface Collected {
  readonly times: readonly number[]
  readonly why: readonly string[]
}

function toSpan({ times, why }: Collected = { times: [], why: [] }): Span {
  const sorted = times.toSorted((a, b) => a - b)
  const p99Ms = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY
  return { served: times.length, failed: why.length, why: [...new Set(why)], p99Ms }
}

/** Sends requests to the bystanders in a quiet phase, and then during `happening`. */
export async function watchBystanders(
  bystanders: readonly Bystander[],
  happening: () => Promise<unknown>,
): Promise<readonly Seen[]> {
  await using other = await startOriginThread()
  const asked = [...bystanders, { name: 'control', port: other.port }]
  const progress = new Int32Array(new SharedArrayBuffer(4 * (asked.length + 1)))
  const thread = new Worker(source, { eval: true, workerData: { bystanders: asked, progress } })
  const haveAnswered = (count: number) => () => asked.every((_, at) => (progress[at + 1] ?? 0) >= count)
  const begin = (phase: number) => {
    progress.fill(0, 1)
    Atomics.store(progress, 0, phase)
  }
  try {
    // The first requests to a worker are slow: they load and compile code.
    await until('it is warm', haveAnswered(samples / 4), 30_000)
    begin(1)
    await until('the quiet run is over', haveAnswered(samples), 30_000)
    begin(2)
    await happening()
    await until('there are enough samples', haveAnswered(samples), 30_000)
    const told = once(thread, 'message') as Promise<[(readonly Collected[])[]]>
    thread.postMessage('stop')
    const [seen] = await told
    const spans = seen.map(([, quiet, meanwhile]) => ({ quiet: toSpan(quiet), meanwhile: toSpan(meanwhile) }))
    const control = spans.at(-1)?.meanwhile ?? toSpan(undefined)
    return bystanders.map(({ name }, at) => ({
      name,
      control,
      ...(spans[at] ?? { quiet: control, meanwhile: control }),
    }))
  } finally {
    Atomics.store(progress, 0, 3)
    await thread.terminate()
  }
}

/**
 * The p99 may be at most twice that of the quiet phase. With two cores, shared by the fault's thread, the
 * start of a successor, the clients and other programs, this rule alone would judge the machine: a ready
 * thread may wait for several time slices (3 ms each). So the reference is at least the p99 of the control,
 * which no fault of the daemon can reach, and at least half of this floor. Without isolation (`shared`) a
 * start costs more, and an endless loop or a full heap costs seconds.
 */
const floorMs = 25

/** Other load on the machine may spoil one or two attempts; missing isolation fails every attempt. */
const attempts = 3

/** Instrumented code is slower, so its times are not comparable. */
const isTimed = process.env['BIFROST_COVERAGE'] !== '1'

const isLate = ({ quiet, meanwhile, control }: Seen) =>
  meanwhile.p99Ms > 2 * Math.max(quiet.p99Ms, control.p99Ms, floorMs / 2)

/** Expects that no request of a bystander fails. */
export async function expectServed(scenario: () => Promise<readonly Seen[]>): Promise<readonly Seen[]> {
  const seen = await scenario()
  for (const { name, meanwhile, quiet } of seen) {
    expect({ name, failed: meanwhile.failed, why: meanwhile.why }).toEqual({ name, failed: 0, why: [] })
    expect(quiet.failed).toBe(0)
  }
  return seen
}

/**
 * Expects that `scenario` affects no other worker: no request of a bystander fails, and their p99 stays
 * within the limit.
 */
export async function expectContained(scenario: () => Promise<readonly Seen[]>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const seen = await expectServed(scenario)
    const late = isTimed ? seen.filter(isLate) : []
    if (late.length === 0) return
    if (attempt < attempts) continue
    const ms = ({ p99Ms }: Span) => `${p99Ms.toFixed(1)} ms`
    const times = late.map(
      ({ name, quiet, meanwhile, control }) =>
        `${name}: p99 ${ms(meanwhile)}, quiet ${ms(quiet)}, control ${ms(control)}`,
    )
    expect(times).toEqual([])
  }
}
