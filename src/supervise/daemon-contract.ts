import type { RestartPolicy } from '../../actors/restart-policy.ts'
import type { Positions } from '../config/positions.ts'
import type { ListenAddress } from '../config/settings/settings.ts'
import type { Log } from '../telemetry/log/log.ts'
import type { ExportSpans } from '../telemetry/trace/span-record.ts'
import type { HoldLimits } from './listeners/held.ts'
import type { Mirror } from './listeners/mirror.ts'
import type { SparingPolicy } from './listeners/spares.ts'
import type { Overview } from './views/overview.ts'
import type { Readings } from './views/readings.ts'

/** What a daemon is told, and what may be asked of it. */
export interface DaemonOptions {
  readonly log: Log
  /** Where the settings were written, for whoever asks why. */
  readonly positions?: Positions
  readonly policy?: RestartPolicy
  readonly startTimeoutMs?: number
  readonly samplePeriodMs?: number
  /** Bounds of what main holds while an instance starts; when left out, for as long as a start may take. */
  readonly hold?: HoldLimits
  /** What makes the spares of listening sockets, and how long it may take. */
  readonly mirror?: Mirror
  readonly sparing?: SparingPolicy
  /** Lets `inject`, and `POST /faults/...` of admin, break instances on purpose. For tests only. */
  readonly allowFaults?: boolean
  /** Encrypted values of the configuration that were read, and records that its log has lost; for the metrics. */
  readonly secretsDecrypted?: number
  readonly logDropped?: () => number
  /** Where the spans of instances go as well; without it and telemetry none are made. */
  readonly exportSpans?: ExportSpans
  /** All instances together; as telemetry has it when left out. */
  readonly maxSpansPerSecond?: number
}

export interface Daemon {
  /** Resolves when it serves; rejects with LISTEN_FAILED, every failed address in the message. */
  readonly running: Promise<void>
  /** Resolves when it has stopped and holds nothing any more. */
  readonly stopped: Promise<void>
  /** Where workers listen, by worker name, and `admin`; with the ports that the kernel chose, and without Unix sockets. */
  addresses(): Readonly<Record<string, readonly ListenAddress[]>>
  readonly overview: Overview
  /** File with the admin token; null where the configuration has it, or nobody has it. */
  readonly adminTokenFile: string | null
  /** Its metrics. */
  readonly readings: Readings
  /** Begins to drain; a second call, a second later or more, ends it at once. */
  stop(): void
  /** Breaks every instance of a worker, or one by its id. */
  inject(target: string, fault: string): boolean
  /** Access logs go on in new files, where the old ones were renamed. */
  reopenLogs(): void
  /** Replaces every instance of a worker without losing a connection; false when there is no such worker. */
  recycle(worker: string): boolean
}
