/** Sends journal entries to all viewers of /api/events. */
import type { ServerResponse } from 'node:http'
import type { Entry, Journal } from '../../../supervise/journal/journal.ts'
import { EventStream } from './event-stream.ts'

/** Bounds the number of concurrent viewers and tracks whether there are any. */
export class Viewers {
  readonly #max: number
  readonly #onWatched: (isWatched: boolean) => void
  #count = 0

  constructor(max: number, onWatched: (isWatched: boolean) => void) {
    this.#max = max
    this.#onWatched = onWatched
  }

  get count(): number {
    return this.#count
  }

  /** False if the limit is reached. */
  enter(): boolean {
    if (this.#count >= this.#max) return false
    this.#count += 1
    if (this.#count === 1) this.#onWatched(true)
    return true
  }

  leave(): void {
    this.#count -= 1
    if (this.#count === 0) this.#onWatched(false)
  }
}

export interface BroadcastOptions {
  readonly journal: Journal
  readonly viewers: Viewers
  /** The first frames of a viewer. */
  greet(lastEventId: string | undefined): string
  /** Frames for a viewer that lost its place and reads again. */
  restore(): string
  /** Empty if the entry has no frame. */
  frameOf(entry: Entry): string
}

const beatMs = 15_000

/**
 * Streams journal entries to viewers. Each entry is formatted once for all viewers, and the entries of one
 * event-loop turn are one write. Without viewers it does nothing.
 */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #streams = new Set<EventStream>()
  #waiting: string[] = []
  #isDue = false
  #stop: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: BroadcastOptions) {
    this.#options = options
  }

  get isWatched(): boolean {
    return this.#streams.size > 0
  }

  /** False if there are too many viewers; then nothing was sent. */
  open(res: ServerResponse, lastEventId: string | undefined): boolean {
    const { viewers, greet, restore } = this.#options
    if (!viewers.enter()) return false
    // Flush the queue to the other viewers first: the greeting already contains it.
    this.#flush()
    const stream = new EventStream(res, {
      onRoom: () => {
        this.#flush()
        stream.write(restore.call(this.#options))
      },
      onClose: () => this.#leave(stream),
    })
    stream.write(greet.call(this.#options, lastEventId))
    this.#streams.add(stream)
    if (this.#streams.size === 1) this.#begin()
    return true
  }

  /** Sends a frame that is not a journal entry. */
  tell(text: string): void {
    if (!this.isWatched || text === '') return
    this.#waiting.push(text)
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => this.#flush())
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.end()
  }

  #begin(): void {
    this.#stop = this.#options.journal.follow((entry) => this.tell(this.#options.frameOf(entry)))
    this.#timer = setInterval(() => {
      for (const stream of [...this.#streams]) stream.beat()
    }, beatMs)
    this.#timer.unref()
  }

  #leave(stream: EventStream): void {
    if (!this.#streams.delete(stream)) return
    this.#options.viewers.leave()
    if (this.isWatched) return
    this.#stop?.()
    this.#stop = null
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#waiting = []
  }

  #flush(): void {
    this.#isDue = false
    if (this.#waiting.length === 0) return
    const text = this.#waiting.join('')
    this.#waiting = []
    for (const stream of this.#streams) stream.write(text)
  }
}
