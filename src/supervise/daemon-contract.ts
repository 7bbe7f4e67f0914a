/** Options of the daemon, and the daemon as its users see it. */

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

export interface DaemonOptions {
  readonly log: Log
  /** Positions of the settings in the configuration file, to explain decisions. */
  readonly positions?: Positions
  readonly policy?: RestartPolicy
  readonly startTimeoutMs?: number
  readonly samplePeriodMs?: number
  /**
   * Bounds for connections that main holds while an instance starts. By default they are held as long as a
   * start may take.
   */
  readonly hold?: HoldLimits
  /** Maker of the spares of listening sockets, and its time limits. */
  readonly mirror?: Mirror
  readonly sparing?: SparingPolicy
  /** Lets `inject`, and `POST /faults/...` of admin, break instances on purpose. For tests only. */
  readonly allowFaults?: boolean
  /** Number of decrypted configuration values, and of lost log records, for the metrics. */
  readonly secretsDecrypted?: number
  readonly logDropped?: () => number
  /** A further receiver of the instances' spans. Without it and telemetry, no spans are made. */
  readonly exportSpans?: ExportSpans
  /** For all instances together; by default the value of the telemetry settings. */
  readonly maxSpansPerSecond?: number
}

export interface Daemon {
  /** Resolves when it serves; rejects with LISTEN_FAILED, every failed address in the message. */
  readonly running: Promise<void>
  /** Resolves when it has stopped and has released everything. */
  readonly stopped: Promise<void>
  /**
   * Addresses of the workers by name, and of `admin`, with the ports that the kernel chose; without Unix
   * sockets.
   */
  addresses(): Readonly<Record<string, readonly ListenAddress[]>>
  readonly overview: Overview
  /** File with the admin token; null if the token is in the configuration or missing. */
  readonly adminTokenFile: string | null
  readonly readings: Readings
  /** Begins to drain. A second call, at least a second later, ends the daemon at once. */
  stop(): void
  /** Breaks every instance of a worker, or one by its id. */
  inject(target: string, fault: string): boolean
  /** Reopens access logs, after their files were renamed. */
  reopenLogs(): void
  /** Replaces every instance of a worker without losing a connection; false if there is no such worker. */
  recycle(worker: string): boolean
}
