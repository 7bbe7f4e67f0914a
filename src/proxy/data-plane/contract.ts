/** What an instance gives to its edge and asks of it. */
import type { Socket } from 'node:net'
import type { ServiceType } from '../../config/settings/settings.ts'
import type { TrafficAnswer, TrafficQuestion, TrafficRecord } from '../../telemetry/traffic-record.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import type { Admission } from '../exchange/admission.ts'
import type { Log } from '../exchange/scope.ts'
import type { DoorLimit } from '../exchange/traffic.ts'
import type { Surroundings } from '../upstream/forward.ts'
import type { LanesOptions } from './service-contexts.ts'

export interface EdgeOptions extends LanesOptions {
  readonly admissions: {
    /** Every connection of the worker. */
    readonly worker: Admission
    /** In a combined worker, besides: the connections whose latest request belongs to the service. */
    readonly services: Partial<Record<ServiceType, Admission>>
  }
  /** For each of the worker's listeners; null, or missing, for those without TLS. */
  readonly tls?: readonly (TlsMaterial | null)[]
  /** Our name in Via. */
  readonly pseudonym: string
  readonly log: Log
  /** State of the chart that admits connections of a service; of the worker as a whole for null. */
  readonly stateOf?: (service: ServiceType | null) => string
  /** What is above its limit, as main has said. */
  readonly exceeded?: () => readonly string[]
  /** Of a forward proxy; no listeners of this daemon, and the system's resolver, when left out. */
  readonly surroundings?: Surroundings
  /** What cleartext connections speak; one cannot find out. */
  readonly cleartext?: 'http/1.1' | 'h2'
}

export interface Edge {
  /**
   * Takes a socket that listener number `at` of the worker has accepted, also one that is paused with bytes waiting. `peer` is what
   * `peerOf` read at the accept: a socket whose peer has no name is not taken.
   */
  accept(socket: Socket, peer: string, at?: number): void
  /** New certificates for listener number `at`; handshakes and connections that have begun keep theirs. */
  updateTls(at: number, material: TlsMaterial): void
  /** Lets running exchanges and tunnels finish and ends every connection after its exchange. */
  drain(): void
  /**
   * While degraded every connection ends after its exchange, and upstream connections that are idle now are closed. Running
   * exchanges go on.
   */
  setDegraded(isDegraded: boolean): void
  /** Closes the upstream connections that are idle now. */
  dropIdle(): void
  /** What somebody who looks may know of its traffic; closes a connection. */
  ask(question: TrafficQuestion): TrafficAnswer
  /** Failures that are still known, oldest first. */
  readonly failures: readonly TrafficRecord[]
  /** A connection was refused before the edge had it. */
  refused(peer: string, limit: DoorLimit, sentBytes: number): void
  /** Admitted connections that are still open. */
  readonly open: number
  /** Ends everything now; resolves when all is closed. */
  close(): Promise<void>
}
