/** The counters, log, tracer and limits shared by the exchanges of one service. */
import type { PaceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { AccessLog } from '../../telemetry/access-log/access-record.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import type { Tracer } from '../trace/tracer.ts'
import type { TrafficRecorder } from './traffic.ts'

export interface ServiceContext {
  /** Null in the context of requests that belong to no service. */
  readonly service: ServiceType | null
  readonly block: CounterBlock
  readonly meter: Meter
  /** How slow a client may be. */
  readonly bounds: PaceSettings
  readonly accessLog: AccessLog | null
  readonly traffic: TrafficRecorder
  /** Null if nothing is traced; trace fields of requests then pass unchanged. */
  readonly tracer: Tracer | null
}
