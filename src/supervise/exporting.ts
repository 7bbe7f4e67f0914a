import type { DaemonSettings } from '../config/settings/settings.ts'
import {
  type Drops,
  exportingLog,
  isExporting,
  startTelemetry,
  type Telemetry,
} from '../telemetry/export/export.ts'
import { type Log, tee } from '../telemetry/log/log.ts'
import { LogBounds } from '../telemetry/log/log-bounds.ts'
import type { FromInstance } from './channel/channel.ts'
import { type LoggedMove, moveLogLine } from './journal/move-log.ts'

type MetricProducers = NonNullable<Parameters<typeof startTelemetry>[1]['metricProducers']>

/** Moves of one actor into one state that are told in ten seconds; at its limit a worker may move with each connection. */
const maxMoves = 20

/** How much of the drain deadline is for what instances leave behind at its end. */
const maxReserveMs = 1_000

/** After a signal that ends everything at once, and after a start that failed. */
const hurriedMs = 500

/** As the daemon chart: a terminal sends one Ctrl+C twice. */
const echoMs = 1_000

/** What main exports, and the log that is also exported. */
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

  /** Of instances: they end so much before the deadline that what they leave can be exported within it. */
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

  /** The daemon was told to stop; told so again a second later, it ends at once. */
  stopping(now: number): void {
    this.#isHurried = this.#stopAt !== null && (this.#isHurried || now - this.#stopAt >= echoMs)
    this.#stopAt ??= now
    if (this.#isHurried && this.#isClosing) void this.#telemetry?.close(0)
  }

  /** Exports what is left, within what is left of the drain deadline. */
  async close(now: number): Promise<void> {
    this.#isClosing = true
    this.#bounds.close()
    const since = this.#stopAt === null ? 0 : now - this.#stopAt
    const left = Math.max(0, this.#settings.drainTimeoutMs - since)
    await this.#telemetry?.close(this.#isHurried ? Math.min(left, hurriedMs) : left)
  }
}
