/**
 * Writes lines to a sink without ever blocking the caller. Lines wait in bounded chunks; when these are full,
 * further lines are dropped and counted.
 *
 *   line -> filling --full, or flushMs--> queue -> one write at a time -> sink
 *                                           ^--- a full disk, an unread pipe: retried ---'
 */
import { write as writeFd, writeSync } from 'node:fs'
import { LogChunk } from './chunk.ts'
import type { Sink } from './sink.ts'

export interface LogWriterOptions {
  readonly open: () => Promise<Sink>
  readonly bufferBytes: number
  readonly flushMs: number
  /** Delay before a retry after an error such as a full disk. */
  readonly retryMs: number
  readonly onDropped: (lines: number) => void
  /** Called when writing starts to fail, with the reason, and with null when it works again. */
  readonly onTrouble: (error: Error | null) => void
}

/** Writes a complete line for `what`; false if it does not fit, and the chunk is unchanged. */
export type LineFormat<What> = (what: What, chunk: LogChunk) => boolean

/** Maximum length of a line, and the usual maximum of a write. */
export const chunkBytes = 64 * 1024

/** Polling interval for a full pipe. */
const pollMs = { first: 5, most: 250 } as const

/** How long `close` waits for unwritten lines. */
const closeMs = 1_000

export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #maxChunks: number
  readonly #queue: LogChunk[] = []
  readonly #free: LogChunk[] = []
  #filling: LogChunk | null = null
  #chunks = 0
  #sink: Sink | null = null
  /** True while a write or open is in progress. */
  #isBusy = false
  #wantsOpen = true
  #hasTrouble = false
  #isClosed = false
  /** `close` has ended; nothing is waited for any more. */
  #isOver = false
  /** Write the filling chunk once everything before it is written; until then it keeps filling. */
  #isDue = false
  #pollMs: number = pollMs.first
  #flushTimer: NodeJS.Timeout | null = null
  #retryTimer: NodeJS.Timeout | null = null
  #onRest: (() => void) | null = null

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#maxChunks = Math.max(2, Math.floor(options.bufferBytes / chunkBytes))
    // Open at once, so that a bad path is reported before the first line.
    this.#pump()
  }

  /** Writes an ASCII line including its line end. Never blocks or throws. */
  write(line: string): void {
    this.put(asItIs, line)
  }

  /** Formats and writes a line for `what`. Never blocks or throws. */
  put<What>(format: LineFormat<What>, what: What): void {
    const chunk = this.#filling
    if (!((chunk !== null && format(what, chunk)) || this.#putAnew(format, what))) {
      this.#options.onDropped(1)
      return
    }
    if (!this.#isDue) this.#flushTimer ??= setTimeout(onFlush, this.#options.flushMs, this).unref()
  }

  /** Writes everything as soon as possible. */
  flush(): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    this.#flushTimer = null
    this.#isDue = true
    this.#pump()
  }

  /** Reopens the file after it was renamed. Waiting lines go to the new file if it can be opened. */
  reopen(): void {
    this.#wantsOpen = true
    this.#wake()
    this.flush()
  }

  /** Writes the rest synchronously at the end of a thread or process. */
  flushSync(): void {
    this.#turnOver()
    const sink = this.#sink
    if (sink === null) return
    try {
      // A write in progress completes without help.
      for (const chunk of this.#queue.slice(this.#isBusy ? 1 : 0)) {
        while (chunk.done < chunk.length) chunk.done += this.#writeNow(sink, chunk)
      }
    } catch {
      // The thread is ending; the rest is lost.
    }
    if (!this.#isBusy) this.#queue.length = 0
    else this.#queue.length = 1
  }

  /** Resolves when everything is written or the wait timed out. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#wake()
    this.flush()
    if (!this.#isAtRest) await this.#rest()
    this.#wake()
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    const left = this.#queue.reduce((sum, { lines }) => sum + lines, 0) + (this.#filling?.lines ?? 0)
    if (left > 0) this.#options.onDropped(left)
    this.#isOver = true
    if (!this.#isBusy) this.#closeSink()
  }

  #closeSink(): void {
    this.#sink?.close()
    this.#sink = null
  }

  get #isAtRest(): boolean {
    return this.#queue.length === 0 && !this.#isBusy && (this.#filling?.length ?? 0) === 0
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, closeMs)
      this.#onRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Starts a further chunk; false if there is no free one or the line is longer than a chunk. */
  #putAnew<What>(format: LineFormat<What>, what: What): boolean {
    if (this.#isClosed || this.#filling?.length === 0) return false
    const fresh = this.#fresh()
    if (fresh === null) return false
    const isWritten = format(what, fresh)
    this.#turnOver()
    this.#filling = fresh
    this.#pump()
    return isWritten
  }

  #fresh(): LogChunk | null {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#chunks >= this.#maxChunks) return null
    this.#chunks += 1
    return new LogChunk(chunkBytes)
  }

  #turnOver(): void {
    if (this.#filling === null || this.#filling.length === 0) return
    this.#queue.push(this.#filling)
    this.#filling = null
  }

  /** Starts the next write or open if none is in progress. */
  #pump(): void {
    if (this.#isOver) {
      // A write or an open that outlasted `close` has returned.
      this.#closeSink()
      return
    }
    while (!this.#isBusy && this.#retryTimer === null) {
      const sink = this.#sink
      if (this.#wantsOpen || sink === null) {
        this.#open()
        return
      }
      if (this.#queue.length === 0 && this.#isDue) {
        this.#isDue = false
        this.#turnOver()
      }
      const chunk = this.#queue[0]
      if (chunk === undefined) {
        this.#onRest?.()
        return
      }
      if (!sink.isImmediate) {
        this.#isBusy = true
        writeFd(sink.fd, chunk.bytes, chunk.done, chunk.length - chunk.done, null, (error, written) => {
          this.#isBusy = false
          if (error === null) this.#advance(chunk, written)
          else this.#failed(error)
          this.#pump()
        })
        return
      }
      try {
        this.#advance(chunk, this.#writeNow(sink, chunk))
      } catch (error) {
        this.#failed(error as NodeJS.ErrnoException)
      }
    }
  }

  /** Writes whole lines where possible, because other instances write to the same pipe. */
  #writeNow({ fd, maxPiece }: Sink, { bytes, done, length }: LogChunk): number {
    let end = length
    if (length - done > maxPiece) {
      const lineEnd = bytes.lastIndexOf(0x0a, done + maxPiece - 1)
      end = lineEnd >= done ? lineEnd + 1 : done + maxPiece
    }
    return writeSync(fd, bytes, done, end - done)
  }

  #advance(chunk: LogChunk, written: number): void {
    chunk.done += written
    this.#pollMs = pollMs.first
    if (this.#hasTrouble) {
      this.#hasTrouble = false
      this.#options.onTrouble(null)
    }
    if (chunk.done < chunk.length) return
    this.#queue.shift()
    chunk.clear()
    this.#free.push(chunk)
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.#retryIn(this.#pollMs)
      this.#pollMs = Math.min(pollMs.most, this.#pollMs * 2)
      return
    }
    this.#tell(error)
    // Reopening does not help a full disk, but may clear any other error.
    this.#wantsOpen ||= error.code !== 'ENOSPC' && error.code !== 'EDQUOT'
    this.#retryIn(this.#options.retryMs)
  }

  #open(): void {
    this.#isBusy = true
    // Reset first: a request during the open wants a later one.
    this.#wantsOpen = false
    this.#options.open().then(
      (sink) => {
        this.#isBusy = false
        this.#sink?.close()
        this.#sink = sink
        this.#pump()
      },
      (error: Error) => {
        this.#isBusy = false
        if (this.#sink === null || this.#hasTrouble) {
          this.#tell(error)
          this.#wantsOpen = true
          this.#retryIn(this.#options.retryMs)
        } else {
          // A reopen was requested; the current file stays usable.
          this.#options.onTrouble(error)
        }
        this.#pump()
      },
    )
  }

  #tell(error: Error): void {
    if (this.#hasTrouble) return
    this.#hasTrouble = true
    this.#options.onTrouble(error)
  }

  #retryIn(ms: number): void {
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null
      this.#pump()
    }, ms).unref()
  }

  #wake(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
  }
}

function onFlush(writer: LogWriter): void {
  writer.flush()
}

function asItIs(line: string, chunk: LogChunk): boolean {
  if (!chunk.begin(0)) return false
  chunk.text(line)
  return chunk.end()
}
