/**
 * The steps of a connection before HTTP, as its listener requires them.
 *
 *   accepted -> ledger: open? -> PROXY header from a trusted peer? -> client below its limit? -> TLS handshake -> onReady
 *                 '- no: 503            '- no: closed                    '- no: 503              '- no: closed
 *
 * On a TLS listener there is no 503: a refused connection is closed.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ListenerSettings, ServiceType, WorkerSettings } from '../../config/settings/settings.ts'
import { readProxyHeader } from '../../http/accept/proxy-header.ts'
import type { ProxyHeader } from '../../http/accept/proxy-protocol.ts'
import { TlsTerminator } from '../../http/accept/tls.ts'
import { NetworkSet, unixPeer } from '../../http/address/address.ts'
import { type Closer, replyBytes } from '../../http/reply/reply.ts'
import { count } from '../../telemetry/metrics/counters.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import type { Admission } from '../exchange/admission.ts'
import { subjectOf } from '../exchange/client-subject.ts'
import { attachConnection, type Connection, connectionOf } from '../exchange/connection.ts'
import type { ClientWatch } from './client-watch.ts'
import type { ServiceContexts } from './service-contexts.ts'

export interface EntranceOptions {
  readonly worker: WorkerSettings
  readonly materials: readonly (TlsMaterial | null)[]
  readonly admission: Admission
  readonly services: Partial<Record<ServiceType, Admission>>
  readonly contexts: ServiceContexts
  readonly watch: ClientWatch
  readonly closer: Closer
  /** Application protocols offered over TLS, in order of preference. */
  readonly protocols: readonly string[]
  /** Called when HTTP may begin on `connection.socket`. */
  readonly onReady: (connection: Connection) => void
}

/** The steps that a listener requires before HTTP. */
interface Door {
  readonly settings: ListenerSettings
  readonly trusted: NetworkSet | null
  readonly terminator: TlsTerminator | null
}

export const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'], isPrepared: true })

export class Entrance {
  readonly #options: EntranceOptions
  /** By listener number; null for a listener that requires no step. */
  readonly #doors: readonly (Door | null)[]

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#doors = options.worker.listen.map((settings, at) => this.#doorOf(settings, at))
  }

  accept(socket: Socket, peer: string, at: number): void {
    const { admission, services, watch } = this.#options
    const door = this.#doors[at] ?? null
    const hasProxyHeader = door !== null && door.trusted !== null
    const address = hasProxyHeader ? undefined : countedAs(peer)
    if (!admission.open(address)) {
      this.#refuse(socket, door, peer)
      return
    }
    if (socket.destroyed) {
      admission.close(address)
      return
    }
    const connection = attachConnection(socket, peer, address)
    watch.add(connection)
    socket.once('close', () => {
      watch.delete(connection)
      connection.leave(services)
      admission.close(connection.admittedAs)
    })
    if (door === null) this.#options.onReady(connection)
    else this.#pass(connection, door)
  }

  /** Sets new certificates for listener number `at`; handshakes that have begun keep theirs. */
  update(at: number, material: TlsMaterial): void {
    this.#doors[at]?.terminator?.update(material)
  }

  /** Ends all unfinished handshakes. */
  close(): void {
    for (const door of this.#doors) door?.terminator?.close()
  }

  #doorOf(settings: ListenerSettings, at: number): Door | null {
    const { tls, proxyProtocol } = settings
    const material = this.#options.materials[at] ?? null
    if (tls === undefined && proxyProtocol === undefined) return null
    const trusted = proxyProtocol === undefined ? null : new NetworkSet(proxyProtocol.trusted)
    if (tls === undefined || material === null) return { settings, trusted, terminator: null }
    const { minVersion, ciphers, handshakeMs, clients } = tls
    const terminator = new TlsTerminator(
      {
        minVersion,
        ciphers,
        handshakeMs,
        clientAuth: clients === null ? 'off' : clients.isRequired ? 'required' : 'optional',
        protocols: this.#options.protocols,
        onSecure: (raw, secure) => this.#secured(raw, secure, clients?.subjectHeader ?? null),
        onFailed: () => count(this.#options.contexts.none.block, 'tlsHandshakesFailed'),
      },
      material,
    )
    return { settings, trusted, terminator }
  }

  #pass(connection: Connection, door: Door): void {
    connection.isHttp = false
    if (door.trusted === null) this.#secure(connection, door, 0)
    else if (door.trusted.hasPeer(connection.peer)) {
      readProxyHeader(connection.socket, this.#options.watch.headerMs, (header) =>
        this.#identify(connection, door, header),
      )
    } else this.#deny(connection)
  }

  #identify(connection: Connection, door: Door, header: ProxyHeader | null): void {
    const { socket } = connection
    if (header === null) {
      this.#deny(connection)
      return
    }
    const peer = header.client?.address ?? connection.peer
    const address = countedAs(peer)
    if (address !== undefined && !this.#options.admission.identify(address)) {
      this.#refuse(socket, door, peer)
      return
    }
    connection.identified(peer, header.client?.port ?? connection.peerPort, address)
    this.#secure(connection, door, header.length)
  }

  #deny({ socket }: Connection): void {
    count(this.#options.contexts.none.block, 'proxyHeadersRejected')
    socket.destroy()
  }

  /** A TLS client could read an answer only after a handshake, which is expensive, so it gets none. */
  #refuse(socket: Socket, door: Door | null, peer: string): void {
    const { contexts, closer, admission } = this.#options
    const isSilent = door !== null && door.terminator !== null
    contexts.refused(peer, isSilent ? 0 : refusal.length, admission.refusedBy ?? 'worker')
    if (isSilent) socket.destroy()
    else closer.end(socket, refusal)
  }

  #secure(connection: Connection, { terminator }: Door, skipped: number): void {
    if (terminator !== null) {
      terminator.accept(connection.socket)
      return
    }
    connection.ready(skipped)
    this.#options.onReady(connection)
  }

  #secured(raw: Socket, secure: TLSSocket, subjectHeader: string | null): void {
    const connection = connectionOf(raw)
    if (connection === undefined) {
      secure.destroy()
      return
    }
    count(this.#options.contexts.none.block, 'tlsHandshakes')
    connection.secured(secure)
    if (subjectHeader !== null) connection.subject = subjectOf(secure, subjectHeader)
    this.#options.onReady(connection)
  }
}

/**
 * Address that `max_connections_per_client` counts a peer by; undefined for Unix sockets, which it does not
 * count.
 */
const countedAs = (peer: string): string | undefined => (peer === unixPeer ? undefined : peer)
