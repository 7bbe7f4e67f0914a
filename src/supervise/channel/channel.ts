/**
 * The channel between main and an instance: typed messages, each with the generation of its instance. Code outside of this folder
 * does not depend on the carrier.
 */

import type { Server, Socket } from 'node:net'
import type { CarrierExit } from '../../../actors/instance.ts'
import type { LiveChart } from '../../../actors/live.ts'
import type { ChartStep } from '../../../actors/steps.ts'
import type { WorkerSettings } from '../../config/settings/settings.ts'
import type { LogFields, LogLevel } from '../../telemetry/log/log.ts'
import type { LogRecord } from '../../telemetry/log/log-record.ts'
import type { SpanRecord } from '../../telemetry/trace/span-record.ts'
import type { TrafficAnswer, TrafficQuestion, TrafficRecord } from '../../telemetry/traffic-record.ts'
import type { TlsMaterial } from '../../tls/material.ts'

export const protocolVersion = 1

/** From when on file descriptors are scarce, and how many connections an instance may still have then. */
export interface DescriptorBounds {
  /** Descriptors are scarce from this number on. */
  readonly scarceFrom: number
  /** Connections that an instance may have while they are. */
  readonly share: number
}

/** Data that an instance starts with; plain data and shared memory. */
export interface InstanceBoot {
  /** Worker name and generation: `reverse_proxy#3`. */
  readonly id: string
  readonly slot: number
  readonly generation: number
  /** With the limits of one instance: its share of max_connections_per_client. */
  readonly worker: WorkerSettings
  /** Share of each service's max_connections that this instance may use. */
  readonly maxConnections: Readonly<Record<string, number>>
  /** Counter block of each service (and of `combined`). */
  readonly counters: Readonly<Record<string, SharedArrayBuffer>>
  /** For each of the worker's listeners; null for those without TLS. */
  readonly tls: readonly (TlsMaterial | null)[]
  readonly drainTimeoutMs: number
  /** Whether exchanges are posted as records, for export. */
  readonly postsExchanges: boolean
  /** Null where it is not known how many its process may have. */
  readonly descriptors: DescriptorBounds | null
  /** 0: telemetry is off, and none are made. */
  readonly maxSpansPerSecond: number
  /** Ports that the daemon listens on: the kernel's choice where the configuration has 0. */
  readonly ownPorts: readonly number[]
  /** Our name in `Via`, for loop detection (RFC 9110 section 7.6.3). */
  readonly pseudonym: string
}

/** Ways to break an instance on purpose. */
export const faultNames = [
  'kill',
  'throw',
  'reject',
  'exit',
  'spin',
  'heap',
  'heapArrays',
  'buffers',
  'leak',
  'burn',
  'descriptors',
] as const

export type Fault = (typeof faultNames)[number]

export type ToInstance =
  | {
      readonly type: 'listener.take'
      readonly key: string
      readonly server: Server
      readonly held: readonly Socket[]
    }
  /** Makes the instance listen on the Unix socket of a key; such a socket cannot be moved. */
  | { readonly type: 'listener.open'; readonly key: string }
  /** Gives the server of a key back, for a successor. */
  | { readonly type: 'listener.recall'; readonly key: string }
  | { readonly type: 'op.drain' }
  /** From main's samples: the instance is over its memory or CPU limit. */
  | { readonly type: 'limit.exceeded'; readonly reasons: readonly string[] }
  | { readonly type: 'limit.recovered' }
  /** New shares of max_connections, by service (and `combined`). */
  | { readonly type: 'limits'; readonly maxConnections: Readonly<Record<string, number>> }
  /** New certificates of one of the worker's listeners. */
  | { readonly type: 'tls'; readonly at: number; readonly material: TlsMaterial }
  /** The files of access logs were renamed: go on in new ones. */
  | { readonly type: 'log.reopen' }
  /** A viewer's question about traffic, or a connection to close; see telemetry/traffic-record.ts. */
  | { readonly type: 'ask'; readonly id: number; readonly question: TrafficQuestion }
  /** Is answered with chart.answer. */
  | { readonly type: 'chart.ask'; readonly ask: number; readonly chart: string }
  | { readonly type: 'fault'; readonly fault: Fault }

/** A step of a chart in an instance; actors have their names within the instance. */
export interface ChartMove {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly step: ChartStep
  /** Moves that were left out before it, since too many came at once. */
  readonly skipped: number
}

export type FromInstance =
  | { readonly type: 'thread.ready' }
  /** It failed and will end; its listening servers are on their way back. */
  | { readonly type: 'thread.failed'; readonly message: string }
  | { readonly type: 'listener.returned'; readonly key: string; readonly server: Server }
  /** The path of a Unix socket is this instance's. */
  | { readonly type: 'listener.opened'; readonly key: string; readonly inode: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: TrafficAnswer }
  /** Its latest failures, so that they can be shown after its end. */
  | { readonly type: 'failures'; readonly records: readonly TrafficRecord[] }
  | { readonly type: 'charts.moved'; readonly moves: readonly ChartMove[] }
  /** Null: there is no such chart, or it has ended. */
  | { readonly type: 'chart.answer'; readonly ask: number; readonly live: LiveChart | null }
  /** The access log as records, in batches. */
  | { readonly type: 'exchanges'; readonly records: readonly LogRecord[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  /** Finished spans, some at a time. */
  | { readonly type: 'spans'; readonly spans: readonly SpanRecord[] }

export interface Envelope<Body> {
  readonly v: typeof protocolVersion
  readonly generation: number
  readonly body: Body
}

/** One reading of an instance. */
export interface Usage {
  /** V8 heap in use plus external memory, ArrayBuffers included. */
  readonly memoryBytes: number
  /** CPU time since the instance started. */
  readonly cpuMs: number
  /** Share of the time since the last reading that the event loop was busy, 0..1. */
  readonly loopUtilization: number
}

/** An instance's own account of its event loop. */
export interface Beats {
  /** Counts up as long as the loop turns. */
  readonly beats: number
  /** 99th percentile of the loop's delay between two beats. */
  readonly loopDelayP99Ms: number
}

export interface ChannelEvents {
  message(message: FromInstance): void
  /** Its sockets are closed; `exit` follows after the clean-up. Not every carrier can report this. */
  closing(): void
  /** An accepted socket, unread, that was sent with a server and never arrived. */
  undelivered(key: string, socket: Socket): void
  /** Exactly once, whatever ended it. */
  exit(exit: CarrierExit): void
}

/** Main's end. */
export interface Channel {
  readonly id: string
  post(message: ToInstance, transfer?: readonly (Server | Socket)[]): void
  /**
   * Returns a value if the instance has just reported one. Otherwise it is measured from outside, which takes
   * a promise.
   */
  usage(): Usage | Promise<Usage>
  /** Ends it now, also when it does not answer. */
  kill(): void
}

/** The instance's end. */
export interface InstancePort {
  post(message: FromInstance, transfer?: readonly Server[]): void
  onMessage(receive: (message: ToInstance) => void): void
  /** Calls `then` when nothing that was posted waits here any more: with the instance it would be lost. */
  whenPosted(then: () => void): void
  /** Lets the instance end once nothing else keeps it alive. */
  close(): void
}
