import type { Server, Socket } from 'node:net'
import { type ActorRefFrom, createActor } from 'xstate'
import { workerSystemId } from '../actors/ledger.ts'
import { workerMachine } from '../actors/worker.ts'
import type { Admission } from './proxy/admission.ts'
import { createEdge, type Edge } from './proxy/edge.ts'
import type { Fault, ToInstance } from './supervise/channel.ts'
import { connectThread } from './supervise/thread.ts'
import { type CounterBlock, count, openCounterBlock } from './telemetry/counters.ts'

/** Composition root of an instance: charts and ledgers, the edge, and the channel to main. */
type WorkerActor = ActorRefFrom<typeof workerMachine>

const { boot, port } = connectThread()
const { worker } = boot

const counters: Readonly<Record<string, CounterBlock>> = Object.fromEntries(
  Object.entries(boot.counters).map(([type, buffer]) => [type, openCounterBlock(buffer)]),
)

/** One chart a service, and one for the worker as a whole where it has several. */
const charts = new Map<string, WorkerActor>()
let edge: Edge | null = null
const servers = new Set<Server>()

function startChart(type: string): WorkerActor {
  const machine = workerMachine.provide({
    actions: {
      report: ({ event }, { state }) =>
        port.post({ type: 'chart.moved', chart: type, state, cause: event.type }),
      endKeepAlive: () => edge?.drain(),
      cutOff: () => void edge?.close(),
    },
  })
  const input = { maxConnections: boot.maxConnections[type] ?? 0, drainTimeoutMs: boot.drainTimeoutMs }
  const actor = createActor(machine, { systemId: workerSystemId, input })
  actor.subscribe({ error: fail, complete: endWhenStopped })
  actor.start()
  return actor
}

/** A chart that fails is a bug: the instance must not go on admitting by a chart that is dead. */
function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** The edge's way to a ledger: its mode says whether a connection is admitted, and it hears of each. */
function admissionOf(type: string): Admission {
  const actor = charts.get(type)
  const block = counters[type]
  if (actor === undefined || block === undefined)
    throw new TypeError(`${worker.name} has no chart for ${type}`)
  const { ledger } = actor.getSnapshot().context
  return {
    open() {
      const isAdmitted = ledger.getSnapshot().context.mode === 'admit'
      ledger.send({ type: 'conn.opened' })
      count(block, isAdmitted ? 'connectionsTotal' : 'connectionsRefused')
      if (isAdmitted) count(block, 'connectionsActive')
      return isAdmitted
    },
    close() {
      // After a drain that ran out of time the ledger is gone before the last connection is.
      if (ledger.getSnapshot().status === 'active') ledger.send({ type: 'conn.closed' })
      count(block, 'connectionsActive', -1)
    },
  }
}

/** From here on connections are accepted in this thread, without main. */
function take(server: Server, held: readonly Socket[], accept: (socket: Socket) => void): void {
  servers.add(server)
  // A server that was moved has none of the options that it was made with.
  Object.assign(server, { allowHalfOpen: true, pauseOnConnect: false, noDelay: true })
  server.on('connection', accept)
  server.on('error', (error) =>
    port.post({ type: 'log', level: 'error', message: 'accept failed', fields: { error: error.message } }),
  )
  for (const socket of held) accept(socket)
}

function drain(): void {
  for (const server of servers) server.close()
  for (const actor of charts.values()) actor.send({ type: 'op.drain' })
}

/** Every chart has stopped: nothing is open, nothing will be admitted. */
function endWhenStopped(): void {
  if ([...charts.values()].some((actor) => actor.getSnapshot().status === 'active')) return
  void Promise.resolve(edge?.close()).finally(() => process.exit(0))
}

/** Breaks this instance on purpose; only main can ask for it, and only where faults are allowed. */
const faults: Readonly<Record<Fault, () => void>> = {
  kill: () => {},
  throw: () => fail(new Error('fault: throw')),
  reject: () => void Promise.reject(new Error('fault: reject')),
  exit: () => process.exit(3),
  spin: () => {
    for (;;);
  },
  heap: () => {
    const hoard: unknown[] = []
    for (;;) hoard.push({ at: hoard.length, link: [hoard.length] })
  },
}

function receive(message: ToInstance, accept: (socket: Socket) => void): void {
  if (message.type === 'listener.take') take(message.server, message.held, accept)
  else if (message.type === 'op.drain') drain()
  else faults[message.fault]()
}

for (const type of Object.keys(boot.maxConnections)) charts.set(type, startChart(type))
const created = await createEdge({
  worker,
  admissions: {
    worker: admissionOf(worker.type),
    services:
      worker.type === 'combined'
        ? Object.fromEntries(worker.services.map(({ type }) => [type, admissionOf(type)]))
        : {},
  },
  counters,
  pseudonym: `${boot.pseudonym}-${worker.name}`,
  log: (level, message, fields = {}) => port.post({ type: 'log', level, message, fields }),
})
edge = created
port.onMessage((message) => receive(message, (socket) => created.accept(socket)))
port.post({ type: 'thread.ready' })
