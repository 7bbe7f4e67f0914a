/** The options of a data plane: everything an instance passes to it. */
import type { ServiceType } from '../../config/settings/settings.ts'
import type { Log } from '../../telemetry/log/log.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import type { Admission } from '../exchange/admission.ts'
import type { Surroundings } from '../upstream/forward.ts'
import type { ServiceContextsOptions } from './service-contexts.ts'

export interface DataPlaneOptions extends ServiceContextsOptions {
  /** The `max_connections` that held for this instance when it started: its share, over all services. */
  readonly maxConnections: number
  readonly admissions: {
    /** Asked about every connection of the worker. */
    readonly worker: Admission
    /** In a combined worker, asked as well: about connections whose latest request belongs to the service. */
    readonly services: Partial<Record<ServiceType, Admission>>
  }
  /** TLS material by listener number; null or missing for listeners without TLS. */
  readonly tls?: readonly (TlsMaterial | null)[]
  /** This proxy's name in Via. */
  readonly pseudonym: string
  readonly log: Log
  /** State of the chart that admits connections of a service, or of the whole worker for null. */
  readonly stateOf?: (service: ServiceType | null) => string
  /** Resources above their limit, as main has reported. */
  readonly exceeded?: () => readonly string[]
  /** For a forward proxy. Defaults to no listeners of this daemon and the system's resolver. */
  readonly surroundings?: Surroundings
  /** Protocol of cleartext connections, which cannot be negotiated. */
  readonly cleartext?: 'http/1.1' | 'h2'
}
