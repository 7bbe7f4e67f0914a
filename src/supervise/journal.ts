import type { AnyActorRef, InspectionEvent } from 'xstate'
import { stateText } from '../../actors/edges.ts'

/**
 * The flight recorder: the current state of every chart and its latest moves, bounded, always on. Charts of instances
 * arrive over the channel and are recorded like those of main.
 */
export interface Move {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly state: string
  /** Type of the event that caused it. */
  readonly cause: string
}

export interface ActorView {
  readonly actor: string
  readonly state: string
  /** When it entered the state, ISO 8601. */
  readonly since: string
  readonly cause: string
}

export class Journal {
  readonly #actors = new Map<string, ActorView>()
  readonly #moves: Move[] = []
  readonly #now: () => number
  readonly #maxMoves: number
  readonly #onMove: (move: Move) => void
  #seq = 0

  constructor(options: {
    readonly now: () => number
    readonly maxMoves?: number
    onMove?(move: Move): void
  }) {
    this.#now = options.now
    this.#maxMoves = options.maxMoves ?? 1000
    this.#onMove = options.onMove ?? (() => {})
  }

  record(actor: string, state: string, cause: string): void {
    if (this.#actors.get(actor)?.state === state) return
    const at = new Date(this.#now()).toISOString()
    this.#actors.set(actor, { actor, state, since: at, cause })
    const move = { seq: ++this.#seq, at, actor, state, cause }
    this.#moves.push(move)
    if (this.#moves.length > this.#maxMoves) this.#moves.shift()
    this.#onMove(move)
  }

  /** The actor is gone; its moves stay. */
  forget(actor: string): void {
    for (const name of this.#actors.keys()) {
      if (name === actor || name.startsWith(`${actor}/`)) this.#actors.delete(name)
    }
  }

  /**
   * Observer for XState's inspection. An exception would leave the machine's `send` and lose its event, so nothing
   * here may throw.
   */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.snapshot' || !('value' in event.snapshot)) return
    try {
      const { id } = event.actorRef as AnyActorRef
      this.record(id, stateText(event.snapshot.value), event.event.type)
      if (event.snapshot.status !== 'active') this.forget(id)
    } catch {
      // What cannot be recorded is missing in the journal, and nowhere else.
    }
  }

  actors(): readonly ActorView[] {
    return [...this.#actors.values()]
  }

  moves(): readonly Move[] {
    return [...this.#moves]
  }

  stateOf(actor: string): string | null {
    return this.#actors.get(actor)?.state ?? null
  }
}
