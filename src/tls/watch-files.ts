import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'

export interface WatchTimes {
  /** Quiet time after a change: certificate and key are written one after the other. */
  readonly settleMs: number
  /** For file systems that tell nothing: how often the files are looked at. */
  readonly pollMs: number
}

/**
 * Tells that files may have changed, whether they are written in place, renamed over, or behind a link that is moved. Keeps nothing
 * alive; ended by `close`.
 */
export class FileWatch {
  readonly #files: readonly string[]
  readonly #onChange: () => void
  readonly #times: WatchTimes
  readonly #watchers: readonly FSWatcher[]
  readonly #poll: NodeJS.Timeout
  #settle: NodeJS.Timeout | undefined
  #seen: string

  constructor(files: readonly string[], onChange: () => void, times: WatchTimes) {
    this.#files = files
    this.#onChange = onChange
    this.#times = times
    this.#seen = this.#look()
    this.#watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((directory) => {
      try {
        // The directory, since a file that is renamed over is another file.
        const watcher = watch(directory, { persistent: false }, () => this.#mayHaveChanged())
        return [watcher.on('error', () => watcher.close())]
      } catch {
        return []
      }
    })
    this.#poll = setInterval(() => this.#check(), times.pollMs).unref()
  }

  close(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#settle)
    for (const watcher of this.#watchers) watcher.close()
  }

  #mayHaveChanged(): void {
    clearTimeout(this.#settle)
    this.#settle = setTimeout(() => this.#check(), this.#times.settleMs).unref()
  }

  #check(): void {
    const seen = this.#look()
    if (seen === this.#seen) return
    this.#seen = seen
    this.#onChange()
  }

  /** Other text whenever a file is another one or has been written. */
  #look(): string {
    return this.#files
      .map((file) => {
        try {
          const { ino, size, mtimeMs, ctimeMs } = statSync(file)
          return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
        } catch {
          return 'none'
        }
      })
      .join('\n')
  }
}
