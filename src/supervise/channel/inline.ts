/**
 * The inline carrier: an instance in main's own thread, for embedding and for tests. It contains nothing: a throw, a full heap or an
 * endless loop hits main. Its usage cannot be separated from main's.
 */

import { performance } from 'node:perf_hooks'
import type { CarrierExit } from '../../../actors/instance.ts'
import type {
  Channel,
  ChannelEvents,
  FromInstance,
  InstanceBoot,
  InstancePort,
  ToInstance,
  Usage,
} from './channel.ts'

export function openInline(boot: InstanceBoot, events: ChannelEvents): Channel {
  return new InlineChannel(boot, events).start()
}

class InlineChannel implements Channel {
  readonly id: string
  readonly #boot: InstanceBoot
  readonly #events: ChannelEvents
  readonly #startedCpu = process.cpuUsage()
  #loop = performance.eventLoopUtilization()
  /** Messages that arrive before the instance listens. */
  #early: ToInstance[] = []
  #receive: (message: ToInstance) => void = (message) => this.#early.push(message)
  #close: () => void = () => {}
  #isOver = false

  constructor(boot: InstanceBoot, events: ChannelEvents) {
    this.id = boot.id
    this.#boot = boot
    this.#events = events
  }

  start(): this {
    this.#run().catch((error: unknown) =>
      this.#end({
        exitCode: 1,
        errorCode: '',
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    return this
  }

  post(message: ToInstance): void {
    if (message.type === 'fault' && message.fault !== 'kill') {
      const text = `fault ${message.fault} is refused: it would end the main thread, which the instance shares`
      this.#tell({ type: 'log', level: 'warn', message: text, fields: {} })
      return
    }
    this.#later(() => this.#receive(message))
  }

  usage(): Usage {
    const { heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage(this.#startedCpu)
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    return { memoryBytes: heapUsed + external, cpuMs: (user + system) / 1000, loopUtilization: utilization }
  }

  kill(): void {
    this.#end({ exitCode: 1, errorCode: 'TERMINATED' })
  }

  async #run(): Promise<void> {
    // The data plane is loaded by a main that shares its thread, and by no other.
    const { runInstance } = await import('../../instance/instance.ts')
    if (this.#isOver) return
    const instance = runInstance(this.#boot, this.#port(), () => this.#end({ exitCode: 0 }))
    this.#close = () => void instance.close()
    if (this.#isOver) this.#close()
    await instance.ready
  }

  #port(): InstancePort {
    return {
      post: (message) => {
        if (message.type === 'listener.returned') message.server.removeAllListeners()
        this.#tell(message)
      },
      onMessage: (receive) => {
        this.#receive = receive
        for (const message of this.#early.splice(0)) receive(message)
      },
      whenPosted: (then) => then(),
      close: () => {},
    }
  }

  #tell(message: FromInstance): void {
    this.#later(() => this.#events.message(message))
  }

  /** As messages are: later, in order. Before the next turn, so that a server that moves has an owner when it accepts. */
  #later(act: () => void): void {
    queueMicrotask(() => {
      if (!this.#isOver) act()
    })
  }

  #end(exit: CarrierExit): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#close()
    queueMicrotask(() => this.#events.exit(exit))
  }
}
