/** The moves that the history view shows. */
import type { Actor, Move } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import type { HistoryFile } from './replay.ts'

const maxActors = 60

/** Source of moves: the daemon (live stream and journal) or an imported file. */
export class MoveSource {
  readonly #page: Page
  readonly #asked = new Set<string>()
  /** The replayed file; null while the daemon is shown. */
  file: HistoryFile | null = null

  constructor(page: Page) {
    this.#page = page
  }

  /** Loads moves from before the page was opened, for one actor or for all (''). */
  async load(actor: string, signal: AbortSignal): Promise<void> {
    if (this.file !== null) return
    const wanted = actor === '' ? this.#latest() : [actor]
    for (const id of wanted) {
      if (this.#asked.has(id) || signal.aborted) continue
      this.#asked.add(id)
      try {
        this.#page.store.remember((await this.#page.client.history(id, signal)).moves)
      } catch {
        this.#asked.delete(id)
      }
    }
  }

  /** Running actors and the latest ended ones. This bounds the number of requests. */
  #latest(): readonly string[] {
    const actors = [...this.#page.store.actors.values()]
    const ended = actors
      .filter(({ gone }) => gone !== null)
      .sort((one, other) => (other.gone ?? 0) - (one.gone ?? 0))
    return [...actors.filter(({ gone }) => gone === null), ...ended].slice(0, maxActors).map(({ id }) => id)
  }

  /** Drops the loaded moves after the daemon restarted. */
  forget(): void {
    this.#asked.clear()
  }

  moves(actor: string): readonly Move[] {
    const all = this.file?.moves ?? this.#page.store.moves
    return actor === '' ? all : all.filter((move) => move.actor === actor)
  }

  actors(): readonly Actor[] {
    return this.file?.actors ?? [...this.#page.store.actors.values()]
  }

  chartOf(move: Move): string | null {
    return move.chart ?? this.actors().find(({ id }) => id === move.actor)?.chart ?? null
  }
}
