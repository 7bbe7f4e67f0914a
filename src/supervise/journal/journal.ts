/**
 * The journal: what every chart did, bounded and always on. Charts of instances arrive over the channel and are recorded like those
 * of main. The moves of an actor outlive it until too many others have ended after it.
 */

import type { InspectionEvent } from 'xstate'
import { type Diff, type Digest, diffOf } from '../../../actors/digest.ts'
import { type ChartStep, readSteps } from '../../../actors/steps.ts'
import { Fifo } from './fifo.ts'

export interface Move {
  readonly what: 'move'
  /** One sequence for all moves, arrivals and departures, without gaps. */
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly actor: string
  readonly chart: string
  /** Type of the event that caused it. */
  readonly event: string
  readonly sender: string | null
  /** Null: it has just started. */
  readonly from: string | null
  readonly to: string
  readonly edges: readonly string[]
  readonly isIgnored: boolean
  readonly diff: Diff | null
  /** Moves of the actor that were left out before it. */
  readonly skipped: number
}

export interface ActorView {
  readonly id: string
  readonly chart: string
  readonly parent: string | null
  readonly state: string
  /** When it entered the state. */
  readonly since: number
  /** Type of the event that led there. */
  readonly cause: string
  /** When it ended; null while it lives. */
  readonly gone: number | null
}

export interface Presence {
  readonly what: 'came' | 'gone'
  readonly seq: number
  readonly at: number
  readonly actor: ActorView
}

export type Entry = Move | Presence

interface ActorRecord {
  view: ActorView
  digest: Digest
  readonly moves: Fifo<Move>
  /** Older moves were there. */
  isCut: boolean
  readonly cameSeq: number
  goneSeq: number | null
}

export interface History {
  readonly actor: ActorView
  readonly moves: readonly Move[]
  readonly isComplete: boolean
  /** Cursor of the last of these moves; set if there are more. */
  readonly next: number | null
}

export interface JournalOptions {
  readonly now: () => number
  /** The moves of one actor. */
  readonly maxMoves?: number
  /** Moves, arrivals and departures of all actors together. */
  readonly maxEntries?: number
  /** Actors that have ended and are remembered. */
  readonly maxGone?: number
  /** Called for each move to another state. */
  onMove?(move: Move): void
}

export class Journal {
  readonly #actors = new Map<string, ActorRecord>()
  /** In the order of their ends. */
  readonly #gone = new Map<string, ActorRecord>()
  readonly #log: Fifo<Entry>
  readonly #now: () => number
  readonly #maxMoves: number
  readonly #maxGone: number
  readonly #listeners = new Set<(entry: Entry) => void>()
  #seq = 0

  constructor({ now, maxMoves = 1000, maxEntries = 10_000, maxGone = 64, onMove }: JournalOptions) {
    if (onMove !== undefined)
      this.follow((entry) => {
        if (entry.what === 'move' && entry.from !== entry.to) onMove(entry)
      })
    this.#now = now
    this.#maxMoves = maxMoves
    this.#maxGone = maxGone
    this.#log = new Fifo(maxEntries)
  }

  /** Observer for XState's inspection; never throws. */
  readonly inspect: (event: InspectionEvent) => void = readSteps({
    step: (step) => this.record(step),
    gone: (actor) => this.forget(actor),
  })

  /** Number of the latest entry. */
  get seq(): number {
    return this.#seq
  }

  /** `at`: when it happened; `skipped`: moves of the actor that were left out before it. */
  record(step: ChartStep, at: number = this.#now(), skipped = 0): void {
    const known = this.#actors.get(step.actor)
    const record = known ?? this.#arrive(step, at)
    const from = known === undefined ? null : record.view.state
    const move: Move = {
      what: 'move',
      seq: ++this.#seq,
      at,
      actor: step.actor,
      chart: step.chart,
      event: step.event,
      sender: step.sender,
      from,
      to: step.state,
      edges: step.edges,
      isIgnored: step.isIgnored,
      diff: known === undefined ? null : diffOf(record.digest, step.digest),
      skipped,
    }
    if (from !== step.state) record.view = { ...record.view, state: step.state, since: at, cause: step.event }
    record.digest = step.digest
    if (record.moves.push(move) !== undefined) record.isCut = true
    this.#enter(move)
  }

  /** The actor has ended, and with it the charts below it; their moves stay. */
  forget(actor: string): void {
    const at = this.#now()
    for (const [id, record] of this.#actors) {
      if (id !== actor && !id.startsWith(`${actor}/`)) continue
      this.#actors.delete(id)
      record.view = { ...record.view, gone: at }
      record.goneSeq = ++this.#seq
      this.#gone.set(id, record)
      this.#enter({ what: 'gone', seq: this.#seq, at, actor: record.view })
    }
    for (const id of this.#gone.keys()) {
      if (this.#gone.size <= this.#maxGone) break
      this.#gone.delete(id)
    }
  }

  /** Those that live. */
  actors(): readonly ActorView[] {
    return [...this.#actors.values()].map(({ view }) => view)
  }

  /** Those that have ended and are remembered, the latest last. */
  ended(): readonly ActorView[] {
    return [...this.#gone.values()].map(({ view }) => view)
  }

  view(actor: string): ActorView | null {
    return this.#recordOf(actor)?.view ?? null
  }

  stateOf(actor: string): string | null {
    return this.#actors.get(actor)?.view.state ?? null
  }

  /** Chosen fields of its context, as of its latest move. */
  digestOf(actor: string): Digest | null {
    return this.#recordOf(actor)?.digest ?? null
  }

  /** The moves of all actors, oldest first. */
  moves(): readonly Move[] {
    return this.#log.items().filter((entry) => entry.what === 'move')
  }

  /** Null when nothing is known of the actor. */
  history(actor: string, after = 0, limit = this.#maxMoves): History | null {
    const record = this.#recordOf(actor)
    if (record === undefined) return null
    const start = firstAfter(record.moves, after)
    const rest = record.moves.items(start)
    const moves = rest.slice(0, limit)
    return {
      actor: record.view,
      moves,
      isComplete: !record.isCut,
      next: moves.length < rest.length ? (moves.at(-1)?.seq ?? after) : null,
    }
  }

  /** Actors as they were after the entry of that number, as far as it is remembered. */
  at(seq: number): readonly ActorView[] {
    const records = [...this.#actors.values(), ...this.#gone.values()]
    return records
      .filter(({ cameSeq, goneSeq }) => cameSeq <= seq && (goneSeq === null || goneSeq > seq))
      .map((record) => viewAt(record, seq))
  }

  /**
   * Entries after the one of that number; null if some of them are no longer kept, or if there is no such
   * number.
   */
  since(seq: number): readonly Entry[] | null {
    if (seq === this.#seq) return []
    const first = this.#log.first()?.seq
    if (first === undefined || seq > this.#seq || seq < first - 1) return null
    return this.#log.items(seq - first + 1)
  }

  /**
   * Calls the listener for every entry from now on and ignores its exceptions. Returns a function that ends
   * this.
   */
  follow(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #recordOf(actor: string): ActorRecord | undefined {
    return this.#actors.get(actor) ?? this.#gone.get(actor)
  }

  #arrive({ actor, chart, parent, state, event, digest }: ChartStep, at: number): ActorRecord {
    const view: ActorView = { id: actor, chart, parent, state, since: at, cause: event, gone: null }
    const record: ActorRecord = {
      view,
      digest,
      moves: new Fifo(this.#maxMoves),
      isCut: false,
      cameSeq: ++this.#seq,
      goneSeq: null,
    }
    this.#gone.delete(actor)
    this.#actors.set(actor, record)
    this.#enter({ what: 'came', seq: this.#seq, at, actor: view })
    return record
  }

  #enter(entry: Entry): void {
    const oldest = this.#log.push(entry)
    if (oldest?.what === 'move') this.#drop(oldest)
    for (const listener of this.#listeners) {
      try {
        listener(entry)
      } catch {
        // It would leave the machine's `send`.
      }
    }
  }

  /** The oldest move of all is the oldest of its actor. */
  #drop(move: Move): void {
    const record = this.#recordOf(move.actor)
    if (record === undefined || record.moves.first() !== move) return
    record.moves.shift()
    record.isCut = true
  }
}

/** Index of the first move with a greater number. */
function firstAfter(moves: Fifo<Move>, seq: number): number {
  let [low, high] = [0, moves.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((moves.at(middle)?.seq ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low
}

function viewAt({ view, moves }: ActorRecord, seq: number): ActorView {
  const next = firstAfter(moves, seq)
  const later = moves.at(next)
  // Nothing has happened since, or earlier entries are no longer kept.
  if (later === undefined) return { ...view, gone: null }
  let index = next - 1
  while (index > 0 && moves.at(index)?.from === moves.at(index)?.to) index -= 1
  const entered = moves.at(index)
  const state = later.from ?? later.to
  return entered === undefined || index < 0
    ? { ...view, state, since: later.at, cause: later.event, gone: null }
    : { ...view, state, since: entered.at, cause: entered.event, gone: null }
}
