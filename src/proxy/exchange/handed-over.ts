/** A client's connection on its way from one instance to another. */
import type { Socket } from 'node:net'
import type { ServiceType } from '../../config/settings/settings.ts'

/**
 * Everything the next instance needs to go on. All but `socket` can be cloned; the socket is paused and can be sent to
 * another process. Its bytes so far are counted, except `unread`, which the next instance counts. If no
 * instance takes it, its holder closes the socket.
 */
export interface HandedOver {
  readonly socket: Socket
  /** Bytes that were received and belong to no request so far, or null. */
  readonly unread: Buffer | null
  /** Canonical address of the client, as in `Connection`; a PROXY header has been read. */
  readonly peer: string
  readonly peerPort: number
  /** Service whose request was the latest, in a combined worker. */
  readonly service: ServiceType | null
  /** Whether it has sent a request. */
  readonly hasAsked: boolean
  /** Time since it was accepted. */
  readonly ageMs: number
  /** Time since it has been waiting for a request. */
  readonly waitedMs: number
  /** Obfuscated name of the peer, if it was used (RFC 7239 6.3). */
  readonly madeUpName: string | null
}
