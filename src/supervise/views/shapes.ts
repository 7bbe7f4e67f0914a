/** Shapes of the overview: the present of every worker, instance and actor as plain data. */

import type { Isolation, ServiceType } from '../../config/settings/settings.ts'
import type { HealthStatus } from './health.ts'

/** Health of a worker; the keys are the seed's (S143). */
export interface WorkerHealth {
  readonly proxy_type: string
  readonly status: HealthStatus
  readonly reasons: readonly string[]
  readonly connection_utilization: number
  readonly memory_utilization: number
  readonly active_connections: number
  readonly total_requests: number
}

/** The latest sample of an instance. */
export interface InstanceUse {
  readonly instance: string
  /** Used heap and external memory. */
  readonly memory_bytes: number
  /** Share of the CPU available to the daemon, as `max_cpu_percent`: 100 is all of it. */
  readonly cpu_percent: number
  /** Share of the time since the sample before that the event loop was busy, 0..1. */
  readonly loop_utilization: number
  /** 99th percentile of the event loop's delay over the last 10 s; 0 while the loop is idle. */
  readonly loop_delay_p99_ms: number
}

/** An actor as `/status` has it. */
export interface ActorState {
  readonly actor: string
  readonly state: string
  /** When it entered the state, ISO 8601. */
  readonly since: string
  readonly cause: string
}

export interface ActorMove {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly state: string
  /** Type of the event that caused it. */
  readonly cause: string
}

/** A service as the admin interface has it; see src/admin/api/schema/schema.ts. */
export interface WorkerView {
  readonly name: string
  readonly worker: string
  readonly type: ServiceType
  readonly proxy_type: string
  readonly isolation: Isolation
  readonly instances: number
  readonly health: HealthStatus
  readonly reasons: string[]
  readonly limits: {
    readonly max_connections: number
    readonly max_memory_mb: number
    readonly max_cpu_percent: number
  }
  readonly use: {
    readonly connections: number
    readonly memory_bytes: number
    readonly cpu_percent: number
    readonly loop_utilization: number
  }
  readonly requests_total: number
  readonly requests_per_sec: number
  readonly p50_ms: number | null
  readonly p99_ms: number | null
  /** Failed requests of those of the last second, 0..1. */
  readonly error_rate: number
  readonly restarts: number
}

export interface HealthReport {
  readonly status: HealthStatus
  readonly workers: Readonly<Record<string, WorkerHealth>>
}
