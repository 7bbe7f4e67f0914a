/**
 * The steps of a connection before HTTP, as its listener requires them.
 *
 *   accepted -> ledger: open? -> PROXY header from a trusted peer? -> client below its limit? -> TLS handshake -> onReady
 *                 '- no: 503            '- no: closed                    '- no: 503              '- no: closed
 *
 * On a TLS listener there is no 503: a refused connection is closed.
 */
import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ListenerSettings, ServiceType, WorkerSettings } from '../../config/settings/settings.ts'
import { readProxyHeader } from '../../http/accept/proxy-header.ts'
import type { ProxyHeader } from '../../http/accept/proxy-protocol.ts'
import { TlsTerminator } from '../../http/accept/tls.ts'
import { NetworkSet, unixPeer } from '../../http/address/address.ts'
import type { Closer } from '../../http/reply/closer.ts'
import { replyBytes } from '../../http/reply/reply.ts'
import type { Transport } from '../../http/transport/transport.ts'
import { transportOf } from '../../http/transport/transport-of.ts'
import { count } from '../../telemetry/metrics/counters.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import type { Admission } from '../exchange/admission.ts'
import { subjectOf } from '../exchange/client-subject.ts'
import { Connection, type ConnectionKeeper } from '../exchange/connection.ts'
import type { HandedOver } from '../exchange/handed-over.ts'
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
  /** Whether clients speak HTTP/2 without TLS, which cannot be negotiated. */
  readonly isCleartextH2: boolean
  /** Called when HTTP/1.1 may begin on `connection.transport`. */
  readonly onHttp1: (connection: Connection) => void
  /** Called when HTTP/2 may begin on the socket. */
  readonly onHttp2: (connection: Connection, socket: Socket) => void
}

/** The steps that a listener requires before HTTP. */
interface Door {
  readonly settings: ListenerSettings
  readonly trusted: NetworkSet | null
  readonly terminator: TlsTerminator | null
}

export const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'], isPrepared: true })

/** Sockets whose handshakes are under way, with their connections. */
type Pending = Map<Socket, Connection>

export class Entrance implements ConnectionKeeper {
  readonly #options: EntranceOptions
  /** By listener number; null for a listener that requires no step. */
  readonly #doors: readonly (Door | null)[]
  readonly #pending: Pending = new Map()

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#doors = options.worker.listen.map((settings, at) => this.#doorOf(settings, at))
  }

  /** A listener that requires a step, or HTTP/2 in cleartext, needs Node's socket. */
  accept(accepted: Transport | Socket, peer: string, at: number): void {
    const { admission, watch, isCleartextH2 } = this.#options
    const door = this.#doors[at] ?? null
    const isPlain = door === null && !isCleartextH2
    const hasProxyHeader = door !== null && door.trusted !== null
    const address = hasProxyHeader ? undefined : countedAs(peer)
    const transport = transportFor(accepted, isPlain)
    if (!admission.open(address)) {
      this.#refuse(transport, door, peer)
      return
    }
    if (transport.isClosed) {
      admission.close(address)
      return
    }
    const connection = new Connection(transport, peer, address, this)
    watch.add(connection)
    if (isPlain) this.#options.onHttp1(connection)
    else if (accepted instanceof Socket) this.#pass(connection, accepted, door)
    else transport.close()
  }

  /** Goes on with a connection of another instance, whose door it has passed. */
  receive(from: HandedOver): void {
    const { admission, services, watch, onHttp1 } = this.#options
    const { socket, unread, peer, service } = from
    const address = countedAs(peer)
    const transport = transportOf(socket, unread)
    const ofService = service === null ? undefined : services[service]
    const isAdmitted = admission.open(address, true)
    if (!isAdmitted || ofService?.open(undefined, true) === false) {
      if (isAdmitted) admission.close(address)
      this.#refuse(transport, null, peer)
      return
    }
    const connection = new Connection(transport, peer, address, this)
    connection.goOn(from)
    if (transport.isClosed) this.closed(connection)
    else {
      watch.add(connection)
      onHttp1(connection)
    }
  }

  closed(connection: Connection): void {
    const { watch, services, admission } = this.#options
    watch.delete(connection)
    connection.leave(services)
    admission.close(connection.admittedAs)
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
        onFailed: (raw) => this.#failed(raw),
      },
      material,
    )
    return { settings, trusted, terminator }
  }

  #pass(connection: Connection, socket: Socket, door: Door | null): void {
    if (door === null || door.trusted === null) this.#secure(connection, socket, door)
    else if (door.trusted.hasPeer(connection.peer)) {
      const { closer, watch } = this.#options
      readProxyHeader(socket, closer.clock, watch.headerMs, (header) =>
        this.#identify(connection, socket, door, header),
      )
    } else this.#deny(socket)
  }

  #identify(connection: Connection, socket: Socket, door: Door, header: ProxyHeader | null): void {
    if (header === null) {
      this.#deny(socket)
      return
    }
    const peer = header.client?.address ?? connection.peer
    const address = countedAs(peer)
    if (address !== undefined && !this.#options.admission.identify(address)) {
      this.#refuse(connection.transport, door, peer)
      return
    }
    connection.identified(peer, header.client?.port ?? connection.peerPort, address)
    this.#secure(connection, socket, door)
  }

  #deny(socket: Socket): void {
    count(this.#options.contexts.none.block, 'proxyHeadersRejected')
    socket.destroy()
  }

  /** A TLS client could read an answer only after a handshake, which is expensive, so it gets none. */
  #refuse(transport: Transport, door: Door | null, peer: string): void {
    const { contexts, closer, admission } = this.#options
    const isSilent = door !== null && door.terminator !== null
    contexts.refused(peer, isSilent ? 0 : refusal.length, admission.refusedBy ?? 'worker')
    if (isSilent) transport.close()
    else closer.end(transport, refusal)
  }

  #secure(connection: Connection, socket: Socket, door: Door | null): void {
    const terminator = door?.terminator ?? null
    if (terminator !== null) {
      this.#pending.set(socket, connection)
      terminator.accept(socket)
    } else if (this.#options.isCleartextH2) this.#options.onHttp2(connection, socket)
    else {
      connection.ready(transportOf(socket))
      this.#options.onHttp1(connection)
    }
  }

  #failed(raw: Socket): void {
    this.#pending.delete(raw)
    count(this.#options.contexts.none.block, 'tlsHandshakesFailed')
  }

  #secured(raw: Socket, secure: TLSSocket, subjectHeader: string | null): void {
    const connection = this.#pending.get(raw)
    if (connection === undefined) {
      secure.destroy()
      return
    }
    this.#pending.delete(raw)
    count(this.#options.contexts.none.block, 'tlsHandshakes')
    connection.scheme = 'https'
    if (subjectHeader !== null) connection.subject = subjectOf(secure, subjectHeader)
    const isH2 = secure.alpnProtocol === 'h2'
    connection.ready(isH2 ? transportOf(secure, null, 'public') : transportOf(secure))
    if (isH2) this.#options.onHttp2(connection, secure)
    else this.#options.onHttp1(connection)
  }
}

/** Node's socket stays whole while others read it. */
function transportFor(accepted: Transport | Socket, isPlain: boolean): Transport {
  if (!(accepted instanceof Socket)) return accepted
  return isPlain ? transportOf(accepted) : transportOf(accepted, null, 'public')
}

/**
 * Address that `max_connections_per_client` counts a peer by; undefined for Unix sockets, which it does not
 * count.
 */
const countedAs = (peer: string): string | undefined => (peer === unixPeer ? undefined : peer)
