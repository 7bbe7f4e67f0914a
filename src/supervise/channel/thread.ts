/**
 * The thread carrier: an instance in a worker thread, with its own V8 heap and event loop. A throw, a heap overflow or an endless
 * loop ends that thread only. A native crash ends the process. So does a heap that grows by 16 MiB beyond its limit while V8 marks
 * it: Node lets a thread exceed its limit by no more.
 */

import { extname } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { CarrierExit } from '../../../actors/instance.ts'
import { BifrostError } from '../../errors.ts'
import { type CounterBlock, openCounterBlock } from '../../telemetry/metrics/counters.ts'
import {
  type Channel,
  type ChannelEvents,
  type Envelope,
  type FromInstance,
  type InstanceBoot,
  protocolVersion,
  type ToInstance,
} from './channel.ts'
import { threadEnvironment } from './child-options.ts'
import { createGauge } from './thread-usage.ts'

/** Works from source and from dist alike. */
const entry = new URL(`../../instance/thread-entry${extname(import.meta.filename)}`, import.meta.url)

/** Exit seen when the thread was terminated from outside: no error, and an exit code of 1. */
function describeExit(exitCode: number, error: unknown, isKilled: boolean): CarrierExit {
  if (error === undefined) return isKilled ? { exitCode, errorCode: 'TERMINATED' } : { exitCode }
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: error }
  return { exitCode, errorCode: code ?? '', message: String(message) }
}

/** The block that the instance writes its beats to. */
function blockOf({ counters, worker }: InstanceBoot): CounterBlock | null {
  const buffer = counters[worker.type]
  return buffer === undefined ? null : openCounterBlock(buffer)
}

/** Data that a thread starts with. */
export interface ThreadStart {
  readonly boot: InstanceBoot
  /** The thread must keep this port until it ends. */
  readonly lifeline: MessagePort
}

export function openThread(boot: InstanceBoot, events: ChannelEvents): Channel {
  // Closes with the sockets of the thread, some milliseconds before `exit`, which waits for its heap to be cleared.
  const { port1: lifeline, port2 } = new MessageChannel()
  lifeline.on('close', () => events.closing())
  lifeline.unref()
  const start: ThreadStart = { boot, lifeline: port2 }
  const worker = new Worker(entry, {
    name: boot.id,
    workerData: start,
    env: threadEnvironment(process.env),
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: boot.worker.maxMemoryMb },
  })
  let error: unknown
  let isKilled = false
  worker.on('message', (envelope: Envelope<FromInstance>) => {
    if (envelope.v === protocolVersion && envelope.generation === boot.generation)
      events.message(envelope.body)
  })
  // `exit` always follows; it reports both.
  worker.on('error', (cause) => {
    error = cause ?? new BifrostError('WORKER_FAILED')
  })
  worker.on('exit', (exitCode) => events.exit(describeExit(exitCode, error, isKilled)))

  return {
    id: boot.id,
    post(message, transfer = []) {
      const envelope: Envelope<ToInstance> = {
        v: protocolVersion,
        generation: boot.generation,
        body: message,
      }
      worker.postMessage(envelope, transfer as never)
    },
    usage: createGauge(worker, blockOf(boot)),
    kill() {
      isKilled = true
      void worker.terminate()
    },
  }
}
