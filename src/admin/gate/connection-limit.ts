/**
 * Bounds the connections of the admin server. A silent client must not lock out an operator: at the limit,
 * the connection that has been silent longest is closed, or else one whose client takes too long over a
 * request or an answer. The limit is not per address, because all clients of loopback share one.
 */
import type { Duplex } from 'node:stream'

export interface ConnectionLimitOptions {
  readonly max: number
  /**
   * How long an exchange is protected from being closed, in milliseconds. Event streams always are; they have
   * a limit of their own.
   */
  readonly patienceMs: number
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
}

interface Busy {
  readonly since: number
  exchanges: number
  isStream: boolean
}

export type AdminConnection = Pick<Duplex, 'destroy' | 'once'>

export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions
  /**
   * Connections without a complete request: new, in the TLS handshake, sending a head, or idle. Oldest first.
   */
  readonly #silent = new Set<AdminConnection>()
  /** Connections with a request. Oldest first. */
  readonly #busy = new Map<AdminConnection, Busy>()

  constructor(options: ConnectionLimitOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#silent.size + this.#busy.size
  }

  /** False if all other connections are in use; then this one was closed. */
  enter(connection: AdminConnection): boolean {
    if (this.size >= this.#options.max && !this.#makeRoom()) {
      connection.destroy()
      return false
    }
    this.#silent.add(connection)
    connection.once('close', () => this.#forget(connection))
    return true
  }

  /** Called when a request arrives; a pipelined one may follow before it is answered. */
  begin(connection: AdminConnection): void {
    const busy = this.#busy.get(connection)
    if (busy !== undefined) busy.exchanges += 1
    else if (this.#silent.delete(connection))
      this.#busy.set(connection, { since: this.#options.now(), exchanges: 1, isStream: false })
  }

  /** Called when the answer becomes an event stream. */
  stream(connection: AdminConnection): void {
    const busy = this.#busy.get(connection)
    if (busy !== undefined) busy.isStream = true
  }

  /** Called when an answer was sent. */
  end(connection: AdminConnection): void {
    const busy = this.#busy.get(connection)
    if (busy === undefined) return
    busy.exchanges -= 1
    if (busy.exchanges > 0) return
    this.#busy.delete(connection)
    this.#silent.add(connection)
  }

  close(): void {
    for (const connection of [...this.#silent, ...this.#busy.keys()]) connection.destroy()
  }

  #makeRoom(): boolean {
    const connection = this.#silent.values().next().value ?? this.#slowest()
    if (connection === undefined) return false
    this.#forget(connection)
    connection.destroy()
    return true
  }

  #slowest(): AdminConnection | undefined {
    const { now, patienceMs } = this.#options
    const before = now() - patienceMs
    for (const [connection, { since, isStream }] of this.#busy) {
      if (since > before) return undefined
      if (!isStream) return connection
    }
    return undefined
  }

  #forget(connection: AdminConnection): void {
    this.#silent.delete(connection)
    this.#busy.delete(connection)
  }
}
