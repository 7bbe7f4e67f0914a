/** Telemetry of the main thread: exports, and the log that is exported too. */

import type { DaemonSettings } from '../config/settings/settings.ts'
import { exportingLog, isExporting, startTelemetry } from '../telemetry/export/export.ts'
import type { Drops, Telemetry } from '../telemetry/export/telemetry.ts'
import { type Log, tee } from '../telemetry/log/log.ts'
import { LogBounds } from '../telemetry/log/log-bounds.ts'
import type { FromInstance } from './channel/channel.ts'
import { type LoggedMove, moveLogLine } from './journal/move-log.ts'

type MetricProducers = NonNullable<Parameters<typeof startTelemetry>[1]['metricProducers']>

/** Logged moves per actor and state in ten seconds. At its limit a worker may move with each connection. */
const maxMoves = 20

/** Part of the drain deadline that is reserved for exporting what instances leave at their end. */
const maxReserveMs = 1_000

/** Time for the last export after a signal that ends everything at once, and after a failed start. */
const hurriedMs = 500

/** As the daemon chart: a terminal sends one Ctrl+C twice. */
const echoMs = 1_000

/** Exports of the main thread, and the log that is exported too. */
export class Exporting {
  /** The daemon's log, exported too where that is configured. */
  readonly log: Log
  /** The same without export. */
  readonly #ownLog: Log
  readonly #settings: DaemonSettings
  readonly #bounds: LogBounds
  /** Spans that instances had no room for. */
  #droppedBefore = () => 0
  #telemetry: Telemetry | null = null
  #stopAt: number | null = null
  /** There was no order to stop, or a second one. */
  #isHurried = true
  #isClosing = false

  constructor(settings: DaemonSettings, log: Log) {
    this.#settings = settings
    this.#ownLog = log
    this.log = tee(
      log,
      exportingLog(settings.telemetry, (record) => this.#telemetry?.emitLog(record)),
    )
    this.#bounds = new LogBounds(this.log, { maxLines: maxMoves })
  }

  async start(metricProducers: MetricProducers): Promise<void> {
    this.#telemetry = await startTelemetry(this.#settings.telemetry, {
      log: this.log,
      diagnostics: this.#ownLog,
      metricProducers,
    })
  }

  /**
   * Drain deadline of instances: shorter than the daemon's, so that their last data can be exported in time.
   */
  get drainTimeoutMs(): number {
    const { drainTimeoutMs, telemetry } = this.#settings
    return drainTimeoutMs - (isExporting(telemetry) ? Math.min(maxReserveMs, drainTimeoutMs / 4) : 0)
  }

  /** Whether instances are to post their exchanges. */
  get takesExchanges(): boolean {
    return this.#settings.telemetry?.logs?.accessLog === true
  }

  take(message: Extract<FromInstance, { readonly type: 'spans' | 'exchanges' }>): void {
    if (message.type === 'spans') this.#telemetry?.exportSpans(message.spans)
    else for (const record of message.records) this.#telemetry?.emitLog(record)
  }

  moved(move: LoggedMove): void {
    const { level, message, fields } = moveLogLine(move)
    this.#bounds.log(level, message, fields)
  }

  /** Spans that instances drop count as dropped, too. */
  countDropped(spans: () => number): void {
    this.#droppedBefore = spans
  }

  drops(): Drops {
    const drops = this.#telemetry?.drops() ?? { spans: 0, metrics: 0, logs: 0 }
    return { ...drops, spans: drops.spans + this.#droppedBefore() }
  }

  /** The daemon was told to stop. A second order, at least a second later, ends it at once. */
  stopping(now: number): void {
    this.#isHurried = this.#stopAt !== null && (this.#isHurried || now - this.#stopAt >= echoMs)
    this.#stopAt ??= now
    if (this.#isHurried && this.#isClosing) void this.#telemetry?.close(0)
  }

  /** Exports the rest, within the time that is left of the drain deadline. */
  async close(now: number): Promise<void> {
    this.#isClosing = true
    this.#bounds.close()
    const since = this.#stopAt === null ? 0 : now - this.#stopAt
    const left = Math.max(0, this.#settings.drainTimeoutMs - since)
    await this.#telemetry?.close(this.#isHurried ? Math.min(left, hurriedMs) : left)
  }
}
