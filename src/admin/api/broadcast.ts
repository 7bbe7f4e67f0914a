import type { ServerResponse } from 'node:http'
import type { Entry, Journal } from '../../supervise/journal.ts'
import { EventStream } from '../event-stream.ts'

/** How many may watch at once, whatever they watch, and whether anybody does. */
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

  /** False: there are too many. */
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
  /** What a viewer is told first. */
  greet(lastEventId: string | undefined): string
  /** What one is told that has lost its place, and reads again. */
  restore(): string
  /** Empty: nothing. */
  frameOf(entry: Entry): string
}

const beatMs = 15_000

/**
 * Tells viewers what is recorded. Each entry is put into words once, however many look, and what is recorded in one turn of the loop
 * is one write. Without viewers nothing is done.
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

  /** False: there are too many viewers, and nothing was answered. */
  open(res: ServerResponse, lastEventId: string | undefined): boolean {
    const { viewers, greet, restore } = this.#options
    if (!viewers.enter()) return false
    // The others are told what waits; this one has it in its greeting.
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

  /** A frame that is no entry of the journal. */
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
