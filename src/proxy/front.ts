/**
 * From an accepted socket to what speaks HTTP over it.
 *
 *   accept -> ledger: open? --no--> 503, closed
 *               | yes
 *             TLS, where the listener has it -> ALPN: h2 --> Streams
 *               '------------------------------ else --> HttpServer
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { replyBytes } from '../http/reply.ts'
import type { HttpServer } from '../http/server.ts'
import { count } from '../telemetry/counters.ts'
import type { ClientWatch } from './client-watch.ts'
import { attachConnection, type Connection, connectionOf } from './connection.ts'
import type { EdgeOptions } from './edge-contract.ts'
import type { Lanes } from './lanes.ts'
import type { Streams } from './streams.ts'
import { createTerminators, type Terminators } from './terminators.ts'

export const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'] })

export interface FrontOwner {
  readonly server: HttpServer
  readonly streams: Streams
  readonly watch: ClientWatch
  readonly lanes: Lanes
}

export class Front {
  readonly #options: EdgeOptions
  readonly #owner: FrontOwner
  readonly #terminators: Terminators

  constructor(options: EdgeOptions, owner: FrontOwner) {
    this.#options = options
    this.#owner = owner
    const { worker, tls = [] } = options
    this.#terminators = createTerminators(worker.listen, tls, {
      protocols: worker.http2.enabled ? ['h2', 'http/1.1'] : ['http/1.1'],
      onSecure: (raw, secure) => this.#secured(raw, secure),
      onFailed: () => count(owner.lanes.none.block, 'tlsHandshakesFailed'),
    })
  }

  /** Takes a socket that listener number `at` of the worker has accepted. */
  accept(socket: Socket, at: number): void {
    const { worker, services } = this.#options.admissions
    const { server, watch, lanes } = this.#owner
    const address = socket.remoteAddress
    const terminator = this.#terminators[at] ?? null
    if (!worker.open(address)) {
      lanes.refused(address, terminator === null ? refusal.length : 0)
      // A handshake is dear, and what a client could read comes after it only.
      if (terminator !== null) socket.destroy()
      else server.closer.end(socket, refusal)
      return
    }
    if (socket.destroyed) {
      worker.close(address)
      return
    }
    const connection = attachConnection(socket)
    watch.add(connection)
    socket.once('close', () => {
      watch.delete(connection)
      connection.leave(services)
      worker.close(address)
    })
    if (terminator === null) {
      this.#serve(connection, this.#options.cleartext)
      return
    }
    connection.isHttp = false
    terminator.accept(socket)
  }

  close(): void {
    for (const terminator of this.#terminators) terminator?.close()
  }

  /** The handshake is over. */
  #secured(raw: Socket, secure: TLSSocket): void {
    const connection = connectionOf(raw)
    if (connection === undefined) {
      secure.destroy()
      return
    }
    count(this.#owner.lanes.none.block, 'tlsHandshakes')
    connection.secured(secure)
    this.#serve(connection, secure.alpnProtocol)
  }

  #serve(connection: Connection, protocol: string | false | null | undefined): void {
    if (protocol === 'h2') void this.#owner.streams.accept(connection)
    else this.#owner.server.accept(connection.socket)
  }
}
