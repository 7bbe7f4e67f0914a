/** The filter of the list of moves. */
import { h } from '../elements/dom.ts'
import type { Move } from '../shell/data.ts'

/** Chooses which moves are listed. */
export class MoveFilter {
  readonly root: HTMLElement
  readonly #text = h('input', {
    type: 'search',
    'aria-label': 'Filter',
    placeholder: 'Filter: event, state, actor',
  })
  readonly #ignored = h('input', { type: 'checkbox', id: 'show-ignored', checked: true })

  constructor(changed: () => void) {
    this.root = h(
      'div',
      { class: 'filter' },
      this.#text,
      h('label', { class: 'check', for: 'show-ignored' }, this.#ignored, 'ignored events'),
    )
    this.#text.addEventListener('input', changed)
    this.#ignored.addEventListener('change', changed)
  }

  /** Keeps moves that contain every word in their actor, event, sender or states. */
  of(moves: readonly Move[]): readonly Move[] {
    const words = this.#text.value.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length === 0 && this.#ignored.checked) return moves
    return moves.filter((move) => {
      if (move.ignored && !this.#ignored.checked) return false
      const text = [move.actor, move.event, move.sender, move.from, move.to].join(' ').toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }
}
