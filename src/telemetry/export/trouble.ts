/** Reports failing exports in the daemon's log without flooding it. */
import type { Log } from '../log/log.ts'
import type { Signal } from './settings.ts'

/**
 * Logs failing exports: the start with the reason, a reminder with the losses at most once a minute, and the
 * end.
 */
const remindMs = 60_000

export interface TroubleOptions {
  readonly signal: Signal
  /** Without userinfo. */
  readonly url: string
  readonly log: Log
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
}

export class ExportTrouble {
  readonly #options: TroubleOptions
  /** Time of the latest report; null while exports succeed. */
  #toldAt: number | null = null
  #lost = 0

  constructor(options: TroubleOptions) {
    this.#options = options
  }

  failed(lost: number, error: unknown): void {
    this.#lost += lost
    const now = this.#options.now()
    if (this.#toldAt !== null && now - this.#toldAt < remindMs) return
    const message = this.#toldAt === null ? 'telemetry is not exported' : 'telemetry is still not exported'
    this.#toldAt = now
    this.#tell('warn', message, { reason: reasonOf(error) })
  }

  succeeded(): void {
    if (this.#toldAt === null) return
    this.#toldAt = null
    this.#tell('info', 'telemetry is exported again', {})
    this.#lost = 0
  }

  #tell(level: 'warn' | 'info', message: string, fields: object): void {
    const { signal, url, log } = this.#options
    log(level, message, { signal, endpoint: url, ...fields, dropped: this.#lost })
  }
}

/** Describes the error in terms of HTTP, gRPC or the system. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error ?? 'unknown')
  const { code, details } = error as Error & { readonly code?: unknown; readonly details?: unknown }
  if (typeof code === 'number' && code >= 100) return `HTTP ${code} ${error.message}`.trim()
  if (typeof code === 'number')
    return `gRPC ${typeof details === 'string' && details !== '' ? details : error.message}`
  // The SDK reports exhausted retries with this text only.
  if (error.message === 'Export failed with retryable status')
    return 'the Collector answered 429, 502, 503 or 504'
  // Happy eyeballs: the aggregate error of all addresses has no message.
  if (error.message === '') return typeof code === 'string' ? code : error.name
  return error.message
}
