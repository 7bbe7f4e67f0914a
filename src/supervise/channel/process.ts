/**
 * The process carrier: an instance in a child process. Its end, even by a native crash, ends that process only. Its counters are
 * those of the last beat; later counts are lost if it is killed.
 */

import { type ChildProcess, fork } from 'node:child_process'
import type { Server, Socket } from 'node:net'
import { extname } from 'node:path'
import { openCounterBlock } from '../../telemetry/metrics/counters.ts'
import {
  type Channel,
  type ChannelEvents,
  type Envelope,
  type InstanceBoot,
  protocolVersion,
} from './channel.ts'
import { childFlags, processEnvironment } from './child-options.ts'
import { Outbox } from './outbox.ts'
import { describeEnd } from './process-exit.ts'
import { ProcessGauge } from './process-usage.ts'
import { type Beat, beatMsOf, type FromProcess, type ToProcess } from './process-wire.ts'
import { StderrLines } from './stderr-lines.ts'

/** Works from source and from dist alike. */
const entry = new URL(`../../instance/process-entry${extname(import.meta.filename)}`, import.meta.url)

/** Bytes at the end of standard error that are kept, to explain its end. */
const maxStderr = 8192

export function openProcess(boot: InstanceBoot, events: ChannelEvents): Channel {
  const child = fork(entry, [boot.id, String(process.pid)], {
    execArgv: childFlags(`--max-old-space-size=${boot.worker.maxMemoryMb}`),
    env: processEnvironment(process.env),
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  return new ProcessChannel(child, boot, events).start()
}

class ProcessChannel implements Channel {
  readonly id: string
  readonly #child: ChildProcess
  readonly #boot: InstanceBoot
  readonly #events: ChannelEvents
  readonly #outbox: Outbox
  readonly #gauge = new ProcessGauge()
  readonly #lines = new StderrLines()
  #stderr = ''
  #isKilled = false
  #isOver = false

  constructor(child: ChildProcess, boot: InstanceBoot, events: ChannelEvents) {
    this.id = boot.id
    this.#child = child
    this.#boot = boot
    this.#events = events
    this.#outbox = new Outbox((message, handle) => this.#send(message, handle))
  }

  start(): this {
    const child = this.#child
    child.on('message', (envelope: Envelope<FromProcess>, handle) => {
      if (envelope.v === protocolVersion && envelope.generation === this.#boot.generation)
        this.#receive(envelope.body, handle as Server | undefined)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-maxStderr)
      this.#passOn(this.#lines.push(text, performance.now()))
    })
    // Without a process there is no other end.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#end({ exitCode: 1, errorCode: 'SPAWN', message: error.message })
    })
    // The first sign of its end: all its messages have been read, and its sockets are closed.
    child.on('disconnect', () => {
      this.#settle()
      this.#events.closing()
    })
    // `close` comes after the last messages and the last output were read; `exit` may come earlier.
    child.on('close', (code, signal) => {
      this.#passOn(this.#lines.end())
      this.#end(describeEnd({ code, signal, stderr: this.#stderr, isKilled: this.#isKilled }))
    })
    // Without a process there is no channel either.
    if (child.pid === undefined) return this
    const { counters, ...rest } = this.#boot
    this.#send({ type: 'boot', boot: { ...rest, counters: Object.keys(counters) } })
    return this
  }

  post: Channel['post'] = (message) => {
    if (this.#child.pid !== undefined) this.#outbox.post(message)
  }

  usage: Channel['usage'] = () => this.#gauge.read(this.#child.pid ?? 0, performance.now())

  kill(): void {
    this.#isKilled = true
    this.#child.kill('SIGKILL')
  }

  #send(body: ToProcess, handle?: Server | Socket): void {
    const envelope: Envelope<ToProcess> = {
      v: protocolVersion,
      generation: this.#boot.generation,
      body,
    }
    // If the channel is closed, `close` follows; the outbox knows what was not taken.
    this.#child.send(envelope as never, handle, { keepOpen: true }, () => {})
  }

  #receive(message: FromProcess, server: Server | undefined): void {
    switch (message.type) {
      case 'handle.taken':
        this.#outbox.taken()
        return
      case 'beat':
        this.#beat(message.beat)
        return
      case 'listener.returned':
        // Without its handle the server is lost; main listens again when the instance ends.
        if (server !== undefined) this.#events.message({ ...message, server })
        return
      default:
        this.#events.message(message)
    }
  }

  #passOn(lines: readonly string[]): void {
    for (const line of lines)
      this.#events.message({ type: 'log', level: 'warn', message: 'stderr', fields: { line } })
  }

  #beat(beat: Beat): void {
    this.#gauge.heard(beat, performance.now() + 1.5 * beatMsOf(this.#boot.worker))
    for (const [type, { at, values }] of Object.entries(beat.counters)) {
      const buffer = this.#boot.counters[type]
      if (buffer === undefined) continue
      const block = openCounterBlock(buffer)
      for (const [index, cell] of at.entries()) block[cell] = values[index] ?? 0
    }
  }

  #end(exit: Parameters<ChannelEvents['exit']>[0]): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#settle()
    this.#events.exit(exit)
  }

  /** Gives main back the handles that the process never got. */
  #settle(): void {
    const { servers, sockets } = this.#outbox.close()
    for (const returned of servers) this.#events.message({ type: 'listener.returned', ...returned })
    for (const { key, socket } of sockets) this.#events.undelivered(key, socket)
  }
}
