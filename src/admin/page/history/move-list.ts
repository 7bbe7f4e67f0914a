/** The list of moves, latest first. */
import { moveText } from '../actors/move-line.ts'
import { eventText } from '../chart/event-text.ts'
import { h, keepList } from '../elements/dom.ts'
import { timeOfDay } from '../elements/format.ts'
import type { Move } from '../shell/data.ts'

/** Maximum rows in the document. The slider and the filter reach the others. */
const maxRows = 400

/** The moves, latest first, as buttons that select their moment. */
export class MoveList {
  readonly root: HTMLElement
  readonly #list = h('ol', { class: 'moves' })
  readonly #empty = h('p', { class: 'empty' }, 'No moves.')
  readonly #rows = new Map<string, Row>()
  readonly #choose: (move: Move) => void
  #chosen: number | null = null

  constructor(choose: (move: Move) => void) {
    this.#choose = choose
    this.root = h(
      'section',
      { class: 'move-list', 'aria-label': 'Moves, latest first', tabindex: 0 },
      this.#list,
      this.#empty,
    )
  }

  show(moves: readonly Move[], chosen: number | null): void {
    const at = chosen === null ? moves.length - 1 : moves.findLastIndex(({ seq }) => seq === chosen)
    const end = Math.min(moves.length, Math.max(at + maxRows / 2, maxRows))
    const isLatest = at >= moves.length - maxRows / 2
    const part = isLatest ? moves.slice(-maxRows) : moves.slice(Math.max(0, end - maxRows), end)
    const byKey = new Map(part.map((move) => [String(move.seq), move]))
    // A file or a restarted daemon reuses sequence numbers, so compare the move as well.
    for (const [key, row] of this.#rows) {
      if (row.move === byKey.get(key)) continue
      row.root.remove()
      this.#rows.delete(key)
    }
    const isKept = this.#rows.has(String(chosen))
    keepList(
      this.#list,
      this.#rows,
      [...byKey.keys()].reverse(),
      (key) => new Row(byKey.get(key) as Move, this.#choose),
    )
    this.#empty.hidden = moves.length > 0
    if (this.#chosen === chosen && isKept) return
    if (this.#chosen !== null) this.#rows.get(String(this.#chosen))?.choose(false)
    const row = this.#rows.get(String(chosen))
    row?.choose(true)
    this.#chosen = chosen
    if (row !== undefined) this.#bringIntoSight(row.root)
  }

  /** Scrolls the list only, not the page. */
  #bringIntoSight(row: HTMLElement): void {
    const { scrollTop, clientHeight } = this.root
    const top = row.offsetTop - this.root.offsetTop
    if (top < scrollTop) this.root.scrollTop = top - 8
    else if (top + row.offsetHeight > scrollTop + clientHeight)
      this.root.scrollTop = top + row.offsetHeight + 8 - clientHeight
  }
}

class Row {
  readonly root: HTMLElement
  readonly move: Move
  readonly #button: HTMLButtonElement

  constructor(move: Move, choose: (move: Move) => void) {
    this.move = move
    this.#button = h(
      'button',
      { type: 'button', class: move.ignored ? 'move ignored' : 'move', 'data-seq': move.seq },
      h('time', { datetime: new Date(move.at).toISOString() }, timeOfDay(move.at)),
      h('span', { class: 'move-actor' }, move.actor),
      h(
        'span',
        { class: 'move-what' },
        h('code', {}, eventText(move.event)),
        h('span', { class: 'move-to' }, moveText(move)),
      ),
    )
    this.#button.addEventListener('click', () => choose(move))
    this.root = h('li', {}, this.#button)
  }

  choose(isChosen: boolean): void {
    if (isChosen) this.#button.setAttribute('aria-current', 'true')
    else this.#button.removeAttribute('aria-current')
  }
}
