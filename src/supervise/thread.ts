import { extname } from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { CarrierExit } from '../../actors/instance.ts'
import { BifrostError } from '../errors.ts'
import {
  type Channel,
  type ChannelEvents,
  type Envelope,
  type FromInstance,
  type InstanceBoot,
  type InstancePort,
  protocolVersion,
  type ToInstance,
  type Usage,
} from './channel.ts'

/**
 * The thread carrier: an instance in a worker thread, with an own V8 heap and event loop. A throw, a heap overflow or
 * an endless loop ends that thread only; a native crash ends the process.
 */

/** Works from source and from dist alike. */
const entry = new URL(`../worker-thread${extname(import.meta.filename)}`, import.meta.url)

/** Exit seen when the thread was terminated from outside: no error, and an exit code of 1. */
function describeExit(exitCode: number, error: unknown, isKilled: boolean): CarrierExit {
  if (error === undefined) return isKilled ? { exitCode, errorCode: 'TERMINATED' } : { exitCode }
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: error }
  return { exitCode, errorCode: code ?? '', message: String(message) }
}

export function openThread(boot: InstanceBoot, events: ChannelEvents): Channel {
  const worker = new Worker(entry, {
    name: boot.id,
    workerData: boot,
    resourceLimits: { maxOldGenerationSizeMb: boot.worker.maxMemoryMb },
  })
  let error: unknown
  let isKilled = false
  let seq = 0
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
        seq: ++seq,
        body: message,
      }
      worker.postMessage(envelope, transfer as never)
    },
    usage: () => readUsage(worker),
    kill() {
      isKilled = true
      void worker.terminate()
    },
  }
}

/** Answered by V8 and libuv while the thread spins, so a stuck instance is seen too. */
async function readUsage(worker: Worker): Promise<Usage> {
  const loopUtilization = worker.performance.eventLoopUtilization().utilization
  const [heap, cpu] = await Promise.all([worker.getHeapStatistics(), worker.cpuUsage()])
  return {
    memoryBytes: heap.used_heap_size + heap.external_memory,
    cpuMs: (cpu.user + cpu.system) / 1000,
    loopUtilization,
  }
}

/** The instance's end of its channel. Call it once, in the thread. */
export function connectThread(): { readonly boot: InstanceBoot; readonly port: InstancePort } {
  const main = parentPort
  if (main === null) throw new BifrostError('WORKER_FAILED', 'src/worker runs in a worker thread only')
  const boot = workerData as InstanceBoot
  let seq = 0
  return {
    boot,
    port: {
      post(body, transfer = []) {
        const envelope: Envelope<FromInstance> = {
          v: protocolVersion,
          generation: boot.generation,
          seq: ++seq,
          body,
        }
        main.postMessage(envelope, transfer as never)
      },
      onMessage(receive) {
        main.on('message', (envelope: Envelope<ToInstance>) => {
          if (envelope.v === protocolVersion && envelope.generation === boot.generation)
            receive(envelope.body)
        })
      },
      close: () => main.close(),
    },
  }
}
