import type { Actor, Move } from '../data.ts'
import type { HistoryFile } from '../replay.ts'
import type { Page } from '../views/view.ts'

/** Where the moves come from: the daemon, live and from its journal, or a file. */
export class Journal {
  readonly #page: Page
  readonly #asked = new Set<string>()
  /** What is replayed; null: the daemon is shown. */
  file: HistoryFile | null = null

  constructor(page: Page) {
    this.#page = page
  }

  /** Asks the daemon for what happened before this page was opened: of one actor, or of all ('' ). */
  async load(actor: string, signal: AbortSignal): Promise<void> {
    if (this.file !== null) return
    const wanted = actor === '' ? [...this.#page.store.actors.keys()] : [actor]
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

  /** What was loaded is gone with a daemon that was started anew. */
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
