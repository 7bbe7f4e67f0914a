/** The state of the daemon as the page knows it. */
import type { Actor, Move, Overview, Presence, Sample, Worker } from './data.ts'

/** State of the live stream. */
export type StreamState = 'connecting' | 'live' | 'lost'

/** Two minutes of samples, one a second. */
export const maxPoints = 120
const maxMoves = 5000
const maxGone = 200

export interface UsagePoint {
  readonly at: number
  readonly worker: Worker
}

/**
 * The page's model of the daemon. Views read it and get one change event per frame, plus one event per move
 * so that each arrow can flash.
 */
export class Store extends EventTarget {
  link: StreamState = 'connecting'
  readonly actors = new Map<string, Actor>()
  readonly workers = new Map<string, Worker>()
  readonly points = new Map<string, UsagePoint[]>()
  /** Ordered by sequence number; the oldest are dropped. */
  moves: Move[] = []
  #clockOffsetMs = 0

  /** Current time on the daemon's clock. */
  now(): number {
    return Date.now() + this.#clockOffsetMs
  }

  setLink(link: StreamState): void {
    if (this.link === link) return
    this.link = link
    this.dispatchEvent(new Event('change'))
  }

  reset({ at, actors, workers }: Omit<Overview, 'seq'>, isSamePlace = false): void {
    this.#clockOffsetMs = at - Date.now()
    this.actors.clear()
    for (const actor of actors) this.actors.set(actor.id, actor)
    if (!isSamePlace) this.moves = []
    this.#takeWorkers(at, workers)
    this.dispatchEvent(new Event('reset'))
    this.dispatchEvent(new Event('change'))
  }

  sample({ at, workers }: Sample): void {
    this.#clockOffsetMs = at - Date.now()
    this.#takeWorkers(at, workers)
    this.dispatchEvent(new Event('sample'))
    this.dispatchEvent(new Event('change'))
  }

  presence({ actor, at, what }: Presence): void {
    this.actors.set(actor.id, what === 'gone' ? { ...actor, gone: actor.gone ?? at } : actor)
    this.#forgetGone()
    this.dispatchEvent(new Event('change'))
  }

  /**
   * Adds a move. Moves can arrive twice, or before older ones from the history; they are kept in sequence
   * order.
   */
  move(move: Move): void {
    if (!this.#keep([move])) return
    const actor = this.actors.get(move.actor)
    // An ignored event changes no state and does not re-enter one.
    if (actor !== undefined && !move.ignored && move.at >= actor.since && move.to !== actor.state) {
      this.actors.set(move.actor, { ...actor, state: move.to, since: move.at, cause: move.event })
    }
    this.dispatchEvent(new CustomEvent('move', { detail: move }))
    this.dispatchEvent(new Event('change'))
  }

  /** Adds older moves from an actor's journal. */
  remember(moves: readonly Move[]): void {
    if (this.#keep(moves)) this.dispatchEvent(new Event('change'))
  }

  movesOf(actor: string): readonly Move[] {
    return this.moves.filter((move) => move.actor === actor)
  }

  onMove(listener: (move: Move) => void, signal: AbortSignal): void {
    this.addEventListener('move', (event) => listener((event as CustomEvent<Move>).detail), { signal })
  }

  #keep(moves: readonly Move[]): boolean {
    const last = this.moves.at(-1)?.seq ?? -1
    const [only] = moves
    if (moves.length === 1 && only !== undefined && only.seq > last) {
      this.moves.push(only)
    } else {
      const known = new Set(this.moves.map(({ seq }) => seq))
      const added = moves.filter(({ seq }) => !known.has(seq))
      if (added.length === 0) return false
      this.moves = [...this.moves, ...added].sort((one, other) => one.seq - other.seq)
    }
    if (this.moves.length > maxMoves) this.moves.splice(0, this.moves.length - maxMoves)
    return true
  }

  #takeWorkers(at: number, workers: readonly Worker[]): void {
    const names = new Set(workers.map(({ name }) => name))
    for (const name of this.workers.keys()) if (!names.has(name)) this.workers.delete(name)
    for (const worker of workers) {
      this.workers.set(worker.name, worker)
      const points = this.points.get(worker.name) ?? []
      points.push({ at, worker })
      if (points.length > maxPoints) points.shift()
      this.points.set(worker.name, points)
    }
  }

  #forgetGone(): void {
    const gone = [...this.actors.values()].filter((actor) => actor.gone !== null)
    gone.sort((one, other) => (one.gone ?? 0) - (other.gone ?? 0))
    for (const { id } of gone.slice(0, Math.max(0, gone.length - maxGone))) this.actors.delete(id)
  }
}
