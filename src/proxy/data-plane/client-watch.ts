/**
 * The deadlines of all clients of one instance. One coarse timer checks every connection and exchange, so neither has a timer of its
 * own; it runs only while there is something to check.
 *
 *   connection that waits for a request --idleMs--> closed      with a part of a head --headerMs--> 408
 *   exchange whose client stops or trickles --pace.ts--> 408 | cut off      that takes too long --exchangeMs--> 504 | cut off
 *
 * Slow upstreams have their own limit (`responseMs`), and so have tunnels.
 */
import type { PaceSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { H2Response } from '../../http/h2/message.ts'
import type { HttpResponse } from '../../http/message.ts'
import type { Connection } from '../exchange/connection.ts'
import type { Lateness } from '../exchange/cut-short.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { Pace, type PaceSample } from '../exchange/pace.ts'
import { Running } from '../exchange/running.ts'

export interface WatchOwner {
  /** Ends a connection between two exchanges; `late` means that part of a request head has arrived. */
  endWaiting(connection: Connection, why: 'idle' | 'late'): void
  endExchange(exchange: Exchange, why: Lateness): void
}

export class ClientWatch {
  readonly running = new Running<Exchange>()
  readonly headerMs: number
  readonly idleMs: number
  readonly #boundsOf: Partial<Record<ServiceType, PaceSettings>> = {}
  readonly #widest: PaceSettings
  readonly #owner: WatchOwner
  readonly #connections = new Set<Connection>()
  readonly #periodMs: number
  #timer: NodeJS.Timeout | null = null

  constructor(services: readonly ServiceSettings[], owner: WatchOwner) {
    this.#owner = owner
    for (const { type, pace } of services) this.#boundsOf[type] = pace
    const paces = services.map(({ pace }) => pace)
    this.headerMs = Math.max(...services.map(({ timeouts }) => timeouts.headerMs))
    this.idleMs = Math.max(...services.map(({ timeouts }) => timeouts.idleMs))
    this.#widest = paces.reduce((one, other) => (other.bodyIdleMs > one.bodyIdleMs ? other : one))
    this.#periodMs = periodMs(services)
  }

  /** Limits for exchanges of a service; the widest limits for null. */
  boundsOf(type: ServiceType | null): PaceSettings {
    return (type === null ? undefined : this.#boundsOf[type]) ?? this.#widest
  }

  /** Number of watched connections. */
  get open(): number {
    return this.#connections.size
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }

  add(connection: Connection): void {
    this.#connections.add(connection)
    this.#timer ??= setInterval(() => this.#look(performance.now()), this.#periodMs).unref()
  }

  delete(connection: Connection): void {
    this.#connections.delete(connection)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #look(now: number): void {
    if (this.#connections.size === 0 && this.running.all.length === 0) {
      this.stop()
      return
    }
    const { all } = this.running
    // Backwards: if an exchange ends during the loop, the last one takes its index, and that one has been
    // checked already.
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const exchange = all[at]
      if (exchange !== undefined) this.#lookAt(exchange, now)
    }
    for (const connection of this.#connections) {
      if (connection.session !== null) {
        connection.session.look(now)
        continue
      }
      const why = connection.overdue(now, this.headerMs, this.idleMs)
      if (why !== null) this.#owner.endWaiting(connection, why)
    }
  }

  #lookAt(exchange: Exchange, now: number): void {
    const { bounds, connection, response } = exchange
    if (response === null) return
    const { socket } = connection
    if (exchange.isFinished) {
      if (socket.writableEnded || socket.destroyed || response.req.complete) {
        this.running.delete(exchange)
        connection.isReadingRest = false
        if (connection.running === 0) connection.restAfterRead(now)
        return
      }
    } else if (bounds.exchangeMs > 0 && now - exchange.startedAt >= bounds.exchangeMs) {
      this.#owner.endExchange(exchange, sampleOf(exchange, response).owes ? 'owes' : 'overdue')
      return
    }
    if (exchange.pace === null) {
      const { read, written } = connection.session === null ? connection.accounted : unread
      exchange.pace = new Pace(bounds, read, written, now)
    }
    const sample = sampleOf(exchange, response)
    if (exchange.pace.isOver(sample, bounds, now)) {
      this.#owner.endExchange(exchange, sample.owes ? 'owes' : 'behind')
    }
  }
}

/** The counts of a stream start at 0. */
const unread = { read: 0, written: 0 } as const

type WithHandle = Exchange['connection']['socket'] & { _handle?: { readonly writeQueueSize?: number } | null }

function sampleOf({ connection }: Exchange, response: HttpResponse): PaceSample {
  const { req } = response
  // A body that is not being read is held up by its upstream, or was not wanted; neither is the client's
  // fault.
  const owes = !req.complete && req.readableFlowing === true
  if (connection.session !== null) return streamSample(response as unknown as H2Response, owes)
  const socket: WithHandle = connection.socket
  return {
    sent: socket.bytesRead,
    // `bytesWritten` alone does not change while one large write drains slowly.
    taken: socket.bytesWritten - (socket._handle?.writeQueueSize ?? 0),
    owes,
    isBehind: socket.writableLength > 0,
    hasEnded: socket.readableEnded,
  }
}

/** The sample of one stream: other streams of the connection may go on. */
function streamSample({ req, takenBytes, isBehind }: H2Response, owes: boolean): PaceSample {
  return { sent: req.receivedBytes, taken: takenBytes, owes, isBehind, hasEnded: false }
}

/** Short enough that no limit is exceeded by more than a tenth of it, or a second. */
function periodMs(services: readonly ServiceSettings[]): number {
  const bounds = services.flatMap(({ timeouts, pace }) => [
    timeouts.headerMs,
    timeouts.idleMs,
    pace.bodyIdleMs,
    pace.graceMs,
    ...(pace.exchangeMs > 0 ? [pace.exchangeMs] : []),
  ])
  return Math.max(10, Math.min(500, Math.min(...bounds) / 20))
}
