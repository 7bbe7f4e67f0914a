/** Reads certificate files and reads them again when they change, for workers and admin alike. */

import { BifrostError } from '../../errors.ts'
import type { Log } from '../../telemetry/log/log.ts'
import { type Pair, readPair } from '../../tls/certificate.ts'
import { FileWatch, type WatchTimes } from '../../tls/watch-files.ts'

export const watchTimes: WatchTimes = { settleMs: 300, pollMs: 10_000 }

interface PairFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** Throws CONFIG_INVALID with the file and its problem. */
export function readCertificate(
  { certFile, keyFile }: PairFiles,
  names: readonly string[] | null,
  log: Log,
): Pair {
  const read = readPair(certFile, keyFile, names)
  if ('fault' in read) {
    const file = read.fault.at === 'key' ? keyFile : certFile
    throw new BifrostError('CONFIG_INVALID', `${file}: ${read.fault.message}`)
  }
  if (read.pair.warning !== undefined) log('warn', read.pair.warning)
  return read.pair
}

/** Takes new files over, or logs why the old ones stay. `whose`: fields of the log line. */
export function loadAnew(log: Log, whose: Readonly<Record<string, string | number>>, take: () => void): void {
  try {
    take()
    log('info', 'certificates reloaded', whose)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log('error', 'certificates not reloaded; the previous ones stay in use', { ...whose, reason })
  }
}

/** Certificate and key of one of main's own listeners; follows its files until `close`. */
export class OwnCertificate {
  /** As of now; throws as `readCertificate`. */
  readonly pair: Pair
  readonly #files: PairFiles
  readonly #log: Log
  #watch: FileWatch | null = null

  constructor(files: PairFiles, log: Log) {
    this.#files = files
    this.#log = log
    this.pair = readCertificate(files, null, log)
  }

  /** Calls `take` with the pair from new files; `listener` is for the log. */
  follow(listener: string, take: (pair: Pair) => void): void {
    const { certFile, keyFile } = this.#files
    const read = () => take(readCertificate(this.#files, null, this.#log))
    this.#watch = new FileWatch(
      [certFile, keyFile],
      () => loadAnew(this.#log, { listener }, read),
      watchTimes,
    )
  }

  close(): void {
    this.#watch?.close()
  }
}
