/**
 * The deadlines of all clients of one instance, by the coarse clock: neither a connection nor an exchange has a
 * timer of its own.
 *
 *   connection that waits for a request --idleMs--> closed      with a part of a head --headerMs--> 408
 *   exchange whose client stops or trickles --pace.ts--> 408 | cut off      that takes too long --exchangeMs--> 504 | cut off
 *
 * Slow upstreams have their own limit (`responseMs`), and so have tunnels.
 */
import type { PaceSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { CoarseClock, Timed } from '../../http/clock.ts'
import type { H2Response } from '../../http/h2/message.ts'
import type { HttpResponse } from '../../http/message/message.ts'
import type { Connection } from '../exchange/connection.ts'
import type { Lateness } from '../exchange/cut-short.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { Pace, type PaceSample } from '../exchange/pace.ts'
import { PlacedList } from '../exchange/placed-list.ts'

export interface WatchOwner {
  endExchange(exchange: Exchange, why: Lateness): void
}

export class ClientWatch implements Timed {
  place = -1
  readonly running = new PlacedList<Exchange>()
  readonly connections = new PlacedList<Connection>()
  readonly headerMs: number
  readonly idleMs: number
  readonly #clock: CoarseClock
  readonly #boundsOf: Partial<Record<ServiceType, PaceSettings>> = {}
  readonly #widest: PaceSettings
  readonly #owner: WatchOwner
  #onEmpty: (() => void) | null = null

  constructor(services: readonly ServiceSettings[], clock: CoarseClock, owner: WatchOwner) {
    this.#owner = owner
    this.#clock = clock
    for (const { type, pace } of services) this.#boundsOf[type] = pace
    const paces = services.map(({ pace }) => pace)
    this.headerMs = Math.max(...services.map(({ timeouts }) => timeouts.headerMs))
    this.idleMs = Math.max(...services.map(({ timeouts }) => timeouts.idleMs))
    this.#widest = paces.reduce((one, other) => (other.bodyIdleMs > one.bodyIdleMs ? other : one))
  }

  /** Limits for exchanges of a service; the widest limits for null. */
  boundsOf(type: ServiceType | null): PaceSettings {
    return (type === null ? undefined : this.#boundsOf[type]) ?? this.#widest
  }

  /** Number of watched connections. */
  get open(): number {
    return this.connections.all.length
  }

  add(connection: Connection): void {
    this.connections.add(connection)
    this.#clock.add(this)
  }

  delete(connection: Connection): void {
    this.connections.delete(connection)
    if (this.open === 0) this.#onEmpty?.()
  }

  /** Ends the connections that wait for a further request. */
  retire(): void {
    for (const connection of [...this.connections.all]) if (connection.running === 0) connection.retire()
  }

  /** Ends the connections on which nothing has been received. */
  closeSilent(): void {
    for (const { transport } of [...this.connections.all]) if (transport.bytesRead === 0) transport.close()
  }

  /** Closes all connections; resolves when they are closed. */
  async closeAll(): Promise<void> {
    for (const { transport } of [...this.connections.all]) transport.close()
    if (this.open === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  look(now: number): void {
    if (this.open === 0 && this.running.all.length === 0) {
      this.#clock.delete(this)
      return
    }
    // Backwards: if an entry leaves during the loop, the last one takes its index, and that one has been
    // looked at already.
    const { all } = this.running
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const exchange = all[at]
      if (exchange !== undefined) this.#lookAt(exchange, now)
    }
    const open = this.connections.all
    for (let at = open.length - 1; at >= 0; at -= 1) {
      const connection = open[at]
      if (connection !== undefined) this.#lookAtConnection(connection, now)
    }
  }

  #lookAtConnection(connection: Connection, now: number): void {
    const { session, http } = connection
    if (session !== null) {
      session.look(now)
      return
    }
    const why = connection.overdue(now, this.headerMs, this.idleMs)
    if (why === 'late') http?.refuse('REQUEST_TIMEOUT')
    else if (why === 'idle') http?.expire()
  }

  #lookAt(exchange: Exchange, now: number): void {
    const { bounds, connection, response } = exchange
    if (response === null) return
    if (exchange.isFinished) {
      if (connection.transport.isEnded || connection.transport.isClosed || response.request.isComplete) {
        this.running.delete(exchange)
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

function sampleOf({ connection, isFinished }: Exchange, response: HttpResponse): PaceSample {
  const { request } = response
  // A body that is not being read is held up by its upstream, or was not wanted; neither is the client's
  // fault. The rest of an answered request is read to be thrown away.
  const owes = !request.isComplete && (request.isReading || isFinished)
  if (connection.session !== null) return streamSample(response as unknown as H2Response, owes)
  const { transport } = connection
  return {
    sent: transport.bytesRead,
    // `bytesWritten` alone does not change while one large write drains slowly.
    taken: transport.bytesWritten - transport.pendingBytes,
    owes,
    isBehind: transport.pendingBytes > 0,
    hasEnded: transport.hasPeerEnded,
  }
}

/** The sample of one stream: other streams of the connection may go on. */
function streamSample({ request, takenBytes, isBehind }: H2Response, owes: boolean): PaceSample {
  return { sent: request.receivedBytes, taken: takenBytes, owes, isBehind, hasEnded: false }
}

/** The shortest deadline of the services, in milliseconds, for the clock. */
export function shortestMs(services: readonly ServiceSettings[]): number {
  const bounds = services.flatMap(({ timeouts, pace }) => [
    timeouts.headerMs,
    timeouts.idleMs,
    pace.bodyIdleMs,
    pace.graceMs,
    ...(pace.exchangeMs > 0 ? [pace.exchangeMs] : []),
    ...(pace.halfClosedMs > 0 ? [pace.halfClosedMs] : []),
    timeouts.responseMs,
    ...[timeouts.connectMs, timeouts.lifetimeMs, timeouts.maxTunnelMs].filter((ms) => ms > 0),
  ])
  return Math.min(...bounds)
}
