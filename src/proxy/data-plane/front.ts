/**
 * From an accepted socket to what speaks HTTP over it.
 *
 *   accept -> Entrance: ledger, PROXY header, TLS --no--> 503, closed
 *               | yes
 *             ALPN: h2 --> Streams
 *               '- else --> HttpServer
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { HttpServer } from '../../http/accept/server.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import type { Connection } from '../exchange/connection.ts'
import type { ClientWatch } from './client-watch.ts'
import type { EdgeOptions } from './contract.ts'
import { Entrance } from './entrance.ts'
import type { Lanes } from './service-contexts.ts'
import type { Streams } from './streams.ts'

export interface FrontOwner {
  readonly server: HttpServer
  readonly streams: Streams
  readonly watch: ClientWatch
  readonly lanes: Lanes
}

export class Front {
  readonly #options: EdgeOptions
  readonly #owner: FrontOwner
  readonly #entrance: Entrance

  constructor(options: EdgeOptions, owner: FrontOwner) {
    this.#options = options
    this.#owner = owner
    const { worker, admissions, tls = [] } = options
    const { watch, lanes, server } = owner
    this.#entrance = new Entrance({
      worker,
      materials: tls,
      admission: admissions.worker,
      services: admissions.services,
      lanes,
      watch,
      closer: server.closer,
      protocols: worker.http2.enabled ? ['h2', 'http/1.1'] : ['http/1.1'],
      onReady: (connection) => this.#serve(connection),
    })
  }

  /** Takes a socket that listener number `at` of the worker has accepted. */
  accept(socket: Socket, peer: string, at: number): void {
    this.#entrance.accept(socket, peer, at)
  }

  updateTls(at: number, material: TlsMaterial): void {
    this.#entrance.update(at, material)
  }

  close(): void {
    this.#entrance.close()
  }

  #serve(connection: Connection): void {
    const { scheme, socket } = connection
    const protocol = scheme === 'https' ? (socket as TLSSocket).alpnProtocol : this.#options.cleartext
    if (protocol === 'h2') void this.#owner.streams.accept(connection)
    else this.#owner.server.accept(socket)
  }
}
