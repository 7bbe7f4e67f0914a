/** Formats the frames of /api/events. */
import type { Entry, Journal } from '../../../supervise/journal/journal.ts'
import type { Overview } from '../../../supervise/views/overview.ts'
import { entryFrame, overviewAnswer, sampleAnswer } from '../answers.ts'
import { frame } from './event-stream.ts'

export interface EventFramesOptions {
  /** Identifies this run of the daemon, because sequence numbers start again with each run. */
  readonly run: string
  readonly journal: Journal
  readonly overview: Overview
  readonly now: () => number
}

/** A returning viewer that missed more entries than this gets the full state instead. */
const maxReplay = 2_000

export class EventFrames {
  readonly #options: EventFramesOptions

  constructor(options: EventFramesOptions) {
    this.#options = options
  }

  of(entry: Entry): string {
    const [name, data] = entryFrame(entry)
    return frame(name, data, this.#place(entry.seq))
  }

  sample(): string {
    const { overview, now } = this.#options
    return frame('sample', sampleAnswer(overview, now()))
  }

  reset(reason: 'first' | 'lost' | 'behind'): string {
    const { journal, overview, now } = this.#options
    const state = overviewAnswer(overview, journal.actors(), journal.seq, now())
    return frame('reset', { reason, ...state }, this.#place(journal.seq))
  }

  /** The entries a viewer missed since its last frame, or the full state. */
  greeting(lastEventId: string | undefined): string {
    if (lastEventId === undefined) return this.reset('first')
    const { journal, run } = this.#options
    const [, of, seq] = /^(\w+)\.(\d{1,15})$/.exec(lastEventId) ?? []
    const missed = of === run ? journal.since(Number(seq)) : null
    if (missed === null || missed.length > maxReplay) return this.reset('lost')
    // A comment frame confirms at once that the stream is open.
    return `: ${missed.length} missed\n\n${missed.map((entry) => this.of(entry)).join('')}`
  }

  #place(seq: number): string {
    return `${this.#options.run}.${seq}`
  }
}
