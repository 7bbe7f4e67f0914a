/** The instance's end of its channel, in a child process. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { BifrostError } from '../errors.ts'
import {
  type Envelope,
  type InstanceBoot,
  type InstancePort,
  protocolVersion,
  type ToInstance,
} from '../supervise/channel/channel.ts'
import {
  type Beat,
  beatMsOf,
  type Changes,
  changesBetween,
  type FromProcess,
  type ProcessBoot,
  type ToProcess,
} from '../supervise/channel/process-wire.ts'
import { type CounterBlock, copyUsed, createCounterBlock } from '../telemetry/metrics/counters.ts'
import { endWithParent } from './orphan.ts'

/**
 * Connects an instance in a child process to main. Call it once, after `startAsChild`. The process ends when
 * main does, since nothing else would end it.
 */
export async function connectProcess(): Promise<{
  readonly boot: InstanceBoot
  readonly port: InstancePort
}> {
  if (process.send === undefined) {
    throw new BifrostError('WORKER_FAILED', 'src/instance/process-entry runs as a child of the daemon only')
  }
  const watched = endWithParent(Number(process.argv[3]))
  const [{ body }] = (await once(process, 'message')) as [Envelope<ToProcess>]
  if (body.type !== 'boot') throw new BifrostError('WORKER_FAILED', `${body.type} came before boot`)
  const port = new ProcessPort(body.boot, watched)
  port.start()
  return { boot: { ...body.boot, counters: port.buffers() }, port }
}

class ProcessPort implements InstancePort {
  readonly #boot: ProcessBoot
  /** Resolves when the watch on the parent runs; nothing is served before. */
  readonly #watched: Promise<void>
  readonly #blocks: ReadonlyMap<string, CounterBlock>
  /** Last counters reported to main, by block. */
  readonly #reported = new Map<string, Float64Array>()
  /** The latest server of each key; sockets that main has accepted for it arrive after it. */
  readonly #servers = new Map<string, Server>()
  /** Number of servers on their way back to main. */
  #leaving = 0
  #isDrainDue = false
  /** Messages received before the instance listens. */
  #early: ToInstance[] = []
  #receive: (message: ToInstance) => void = (message) => this.#early.push(message)
  #loop: EventLoopUtilization = performance.eventLoopUtilization()

  constructor(boot: ProcessBoot, watched: Promise<void>) {
    this.#boot = boot
    this.#watched = watched
    this.#blocks = new Map(boot.counters.map((type) => [type, createCounterBlock()]))
  }

  start(): void {
    process.on('message', (envelope: Envelope<ToProcess>, handle) => {
      if (envelope.v === protocolVersion && envelope.generation === this.#boot.generation)
        this.#take(envelope.body, handle)
    })
    setInterval(() => this.#beat(), beatMsOf(this.#boot.worker)).unref()
    process.on('exit', () => this.#beat())
  }

  buffers(): InstanceBoot['counters'] {
    return Object.fromEntries([...this.#blocks].map(([type, block]) => [type, block.buffer]))
  }

  post: InstancePort['post'] = (message) => {
    // Main must have the counters before it learns of a new state or the end.
    if (message.type === 'thread.ready' || message.type === 'thread.failed') this.#beat()
    if (message.type !== 'listener.returned') {
      if (message.type === 'thread.ready') void this.#watched.then(() => this.#send(message))
      else this.#send(message)
      return
    }
    const { type, key, server } = message
    // Connections accepted until the server has left are still served here.
    this.#leaving += 1
    this.#send({ type, key }, server, () => {
      server.close()
      this.#leaving -= 1
      this.#drainWhenLeft()
    })
  }

  onMessage(receive: (message: ToInstance) => void): void {
    this.#receive = receive
    for (const message of this.#early.splice(0)) receive(message)
  }

  /**
   * Node queues messages behind a handle until main has received it, and what a pipe does not take until
   * there is room. Without main there is nothing to wait for.
   */
  whenPosted(then: () => void): void {
    if (process.connected) this.#beat(then)
    else then()
  }

  close(): void {
    if (process.connected) process.disconnect?.()
  }

  #take(message: ToProcess, handle: unknown): void {
    switch (message.type) {
      case 'boot':
        return
      case 'handle.server':
        this.#send({ type: 'handle.taken' })
        if (handle !== undefined) this.#takeServer(message.key, handle as Server)
        return
      case 'handle.socket':
        this.#send({ type: 'handle.taken' })
        if (handle !== undefined) this.#takeSocket(message.key, handle as Socket)
        return
      case 'op.drain':
        this.#isDrainDue = true
        this.#drainWhenLeft()
        return
      default:
        this.#receive(message)
    }
  }

  /** Waits for leaving servers: they may still accept connections, which a drain would refuse. */
  #drainWhenLeft(): void {
    if (!this.#isDrainDue || this.#leaving > 0) return
    this.#isDrainDue = false
    this.#receive({ type: 'op.drain' })
  }

  #takeServer(key: string, server: Server): void {
    this.#servers.set(key, server)
    this.#receive({ type: 'listener.take', key, server, held: [] })
  }

  /** Handles a socket from main as if the server had just accepted it. */
  #takeSocket(key: string, socket: Socket): void {
    Object.assign(socket.setNoDelay(true), { allowHalfOpen: true })
    const server = this.#servers.get(key)
    if (server?.emit('connection', socket) !== true) socket.destroy()
  }

  #beat(onSent = () => {}): void {
    const now = performance.eventLoopUtilization()
    const { user, system } = process.cpuUsage()
    const { used_heap_size, external_memory } = getHeapStatistics()
    const beat: Beat = {
      counters: Object.fromEntries(
        [...this.#blocks].map(([type, block]) => [type, this.#changesOf(type, block)]),
      ),
      loopUtilization: performance.eventLoopUtilization(now, this.#loop).utilization,
      memoryBytes: used_heap_size + external_memory,
      cpuMs: (user + system) / 1000,
    }
    this.#loop = now
    this.#send({ type: 'beat', beat }, undefined, onSent)
  }

  #changesOf(type: string, block: CounterBlock): Changes {
    const now = copyUsed(block)
    const changes = changesBetween(this.#reported.get(type) ?? new Float64Array(), now)
    this.#reported.set(type, now)
    return changes
  }

  #send(body: FromProcess, handle?: Server, onSent = () => {}): void {
    if (!process.connected) return
    const envelope: Envelope<FromProcess> = {
      v: protocolVersion,
      generation: this.#boot.generation,
      body,
    }
    // An error means that main is gone; `disconnect` follows.
    process.send?.(envelope, handle, {}, onSent)
  }
}
