/** The access logs of one instance: one format per service, one writer per destination. */

import { openFileSink, openStandardSink } from '../lines/sink.ts'
import { LogWriter } from '../lines/writer.ts'
import type { Log } from '../log/log.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { AccessLog, DescribeExchange } from './access-record.ts'
import { AccessExport } from './export.ts'
import { type AccessLogSettings, compileFormat } from './format.ts'

export interface AccessLogsOptions {
  readonly worker: string
  readonly instance: string
  readonly services: readonly { readonly type: string; readonly accessLog: AccessLogSettings | null }[]
  /** Receives exchanges for export; null if none are exported. */
  readonly post: ((records: readonly LogRecord[]) => void) | null
  readonly describe: DescribeExchange
  readonly onDropped: (lines: number) => void
  /** The daemon's log. */
  readonly log: Log
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
  /** Retry delay after an error such as a full disk, in milliseconds. */
  readonly retryMs?: number
}

/** Minimum interval between reports about one destination. */
const tellEveryMs = 60_000

export class AccessLogs {
  readonly #writers = new Map<string, LogWriter>()
  readonly #logs = new Map<string, AccessLog>()
  readonly #export: AccessExport | null
  /** Log for exchanges without a service: that of the first service with a log. */
  readonly #first: AccessLog | null

  constructor(options: AccessLogsOptions) {
    const { services, worker, instance, describe, post, onDropped } = options
    const exported = post === null ? null : new AccessExport({ worker, instance, describe, post, onDropped })
    this.#export = exported
    for (const { type, accessLog } of services) {
      if (accessLog === null) {
        if (exported !== null) this.#logs.set(type, exported)
        continue
      }
      const writer = this.#writers.get(accessLog.path) ?? createWriter(accessLog, options)
      this.#writers.set(accessLog.path, writer)
      const format = compileFormat(accessLog.format, { worker, instance })
      this.#logs.set(type, {
        write(record) {
          writer.put(format, record)
          exported?.write(record)
        },
      })
    }
    this.#first = this.#logs.values().next().value ?? null
  }

  /** Null if the service has no access log. */
  of(type: string | null): AccessLog | null {
    return type === null ? this.#first : (this.#logs.get(type) ?? null)
  }

  /** Reopens all files after a rotation. */
  reopen(): void {
    for (const writer of this.#writers.values()) writer.reopen()
  }

  /** Writes the rest synchronously at the end of a thread or process. */
  flushSync(): void {
    this.#export?.flush()
    for (const writer of this.#writers.values()) writer.flushSync()
  }

  /** Resolves when everything is written, after a second at the latest. */
  async close(): Promise<void> {
    this.#export?.flush()
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()))
  }
}

function createWriter(settings: AccessLogSettings, options: AccessLogsOptions): LogWriter {
  const { log, onDropped, retryMs = 1_000, now = () => performance.now() } = options
  const { path, bufferBytes, flushMs } = settings
  let toldAt = Number.NEGATIVE_INFINITY
  let untold = 0
  const tell = (isNews: boolean, level: 'warn' | 'error' | 'info', message: string, error?: Error) => {
    if (!isNews && now() - toldAt < tellEveryMs) return
    toldAt = now()
    const dropped = untold === 0 ? {} : { dropped: untold }
    log(level, message, { path, ...dropped, ...(error === undefined ? {} : { error: error.message }) })
    untold = 0
  }
  return new LogWriter({
    open: () => (path === 'stdout' ? openStandardSink(1) : openFileSink(path)),
    bufferBytes,
    flushMs,
    retryMs,
    onDropped: (lines) => {
      untold += lines
      onDropped(lines)
      tell(false, 'warn', 'access log drops lines: its target is too slow or cannot be written')
    },
    onTrouble: (error) => {
      if (error !== null) tell(false, 'error', 'access log cannot be written', error)
      else tell(untold > 0, 'info', 'access log is written again')
    },
  })
}
