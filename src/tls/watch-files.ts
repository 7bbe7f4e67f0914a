/** Watches files for changes, on any file system. */
import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'

export interface WatchTimes {
  /** Quiet time after a change, because certificate and key are written one after the other. */
  readonly settleMs: number
  /** Polling interval for file systems that report no changes. */
  readonly pollMs: number
}

/**
 * Reports that files may have changed: written in place, renamed over, or behind a link that was moved. Does
 * not keep the process alive; `close` ends it.
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
        // Watch the directory, because a renamed-over file is a different inode.
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

  /** Returns a text that changes whenever a file is replaced or written. */
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
