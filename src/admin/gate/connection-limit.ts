import type { Duplex } from 'node:stream'

/**
 * How many connections the admin server has at once. A client that says nothing must not keep an operator out: when the limit is
 * reached, the connection gives way that has been silent longest, then one whose client takes too long over a request or its answer.
 * The limit is not by address, since all clients of loopback share one.
 */
export interface ConnectionLimitOptions {
  readonly max: number
  /** How long an exchange is safe from giving way, milliseconds. Event streams are safe always; their number has a limit of its own. */
  readonly patienceMs: number
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

interface Busy {
  readonly since: number
  exchanges: number
  isStream: boolean
}

export type Connection = Pick<Duplex, 'destroy' | 'once'>

export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions
  /** Without a request: new, in the TLS handshake, in the middle of a head, or idle after an answer. The oldest first. */
  readonly #silent = new Set<Connection>()
  /** The oldest first. */
  readonly #busy = new Map<Connection, Busy>()

  constructor(options: ConnectionLimitOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#silent.size + this.#busy.size
  }

  /** False: all others are in use, and this one was closed. */
  enter(connection: Connection): boolean {
    if (this.size >= this.#options.max && !this.#makeRoom()) {
      connection.destroy()
      return false
    }
    this.#silent.add(connection)
    connection.once('close', () => this.#forget(connection))
    return true
  }

  /** A request has arrived on the connection; one may follow another before that is answered. */
  begin(connection: Connection): void {
    const busy = this.#busy.get(connection)
    if (busy !== undefined) busy.exchanges += 1
    else if (this.#silent.delete(connection))
      this.#busy.set(connection, { since: this.#options.now(), exchanges: 1, isStream: false })
  }

  /** Its answer has become an event stream. */
  stream(connection: Connection): void {
    const busy = this.#busy.get(connection)
    if (busy !== undefined) busy.isStream = true
  }

  /** The answer to a request was sent. */
  end(connection: Connection): void {
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

  #slowest(): Connection | undefined {
    const { now, patienceMs } = this.#options
    const before = now() - patienceMs
    for (const [connection, { since, isStream }] of this.#busy) {
      if (since > before) return undefined
      if (!isStream) return connection
    }
    return undefined
  }

  #forget(connection: Connection): void {
    this.#silent.delete(connection)
    this.#busy.delete(connection)
  }
}
