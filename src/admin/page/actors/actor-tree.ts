/** The table of actors on the overview. */
import { eventText } from '../chart/event-text.ts'
import { h, keepList, setAttribute, setText } from '../elements/dom.ts'
import { age } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import type { Actor } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'

interface Placed {
  readonly actor: Actor
  readonly depth: number
}

/**
 * Orders parents before their children. Actors without a known parent are at the top level. A hand-made file
 * can contain a cycle of parents; its first actor then counts as a root.
 */
export function placed(actors: ReadonlyMap<string, Actor>): readonly Placed[] {
  const children = Map.groupBy(actors.values(), ({ parent }) =>
    parent !== null && actors.has(parent) ? parent : null,
  )
  const all = new Map<string, Placed>()
  // Iterative, because an imported tree can be arbitrarily deep.
  const waiting: Placed[] = []
  const place = () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { actor, depth } = next
      if (all.has(actor.id)) continue
      all.set(actor.id, next)
      for (const child of (children.get(actor.id) ?? []).toReversed())
        waiting.push({ actor: child, depth: depth + 1 })
    }
  }
  for (const first of [...(children.get(null) ?? []), ...actors.values()]) {
    waiting.push({ actor: first, depth: 0 })
    place()
  }
  return [...all.values()]
}

/** The tree of all actors with their states. Rows are added and removed as actors start and end. */
export class ActorTree {
  readonly root: HTMLElement
  readonly #page: Page
  readonly #body = h('tbody')
  readonly #rows = new Map<string, ActorRow>()
  readonly #showGone = h('input', { type: 'checkbox', id: 'show-gone' })

  constructor(page: Page) {
    this.#page = page
    const head = ['Actor', 'State', 'For', 'Cause', 'Chart'].map((text) => h('th', { scope: 'col' }, text))
    this.root = h(
      'section',
      { class: 'tree', 'aria-labelledby': 'actors-title' },
      h(
        'div',
        { class: 'section-head' },
        h('h2', { id: 'actors-title' }, 'Actors'),
        h('label', { class: 'check', for: 'show-gone' }, this.#showGone, 'show ended actors'),
      ),
      h('table', { class: 'actors' }, h('thead', {}, h('tr', {}, ...head)), this.#body),
    )
    this.#showGone.addEventListener('change', () => this.show())
  }

  show(): void {
    const { actors } = this.#page.store
    const all = placed(actors).filter(({ actor }) => this.#showGone.checked || actor.gone === null)
    keepList(
      this.#body,
      this.#rows,
      all.map(({ actor }) => actor.id),
      (id) => new ActorRow(id),
    )
    for (const { actor, depth } of all) this.#rows.get(actor.id)?.show(actor, depth)
    this.tick()
  }

  /** Updates the ages only. */
  tick(): void {
    const now = this.#page.store.now()
    for (const [id, row] of this.#rows) {
      const actor = this.#page.store.actors.get(id)
      if (actor !== undefined) row.showAge(now - actor.since)
    }
  }

  flash(id: string): void {
    this.#rows.get(id)?.flash()
  }
}

class ActorRow {
  readonly root = h('tr')
  readonly #state = h('span', { class: 'state-pill' })
  readonly #age = h('td', { class: 'number' })
  readonly #cause = h('td', { class: 'cause' })
  readonly #chart = h('td', { class: 'faint' })
  readonly #name: HTMLElement

  constructor(id: string) {
    this.#name = h('th', { scope: 'row' }, h('a', { href: addressOf('charts', [id]) }, id))
    this.root.append(
      this.#name,
      h('td', { class: 'state-cell' }, this.#state),
      this.#age,
      this.#cause,
      this.#chart,
    )
  }

  show(actor: Actor, depth: number): void {
    setAttribute(this.root, 'data-depth', String(Math.min(depth, 4)))
    setAttribute(this.root, 'class', actor.gone === null ? null : 'gone')
    setText(this.#state, actor.state)
    setText(this.#cause, eventText(actor.cause))
    setText(this.#chart, actor.chart ?? '')
  }

  showAge(ms: number): void {
    setText(this.#age, age(ms))
  }

  flash(): void {
    this.#state.classList.remove('flash')
    // Reading the layout restarts the CSS animation.
    this.#state.getBoundingClientRect()
    this.#state.classList.add('flash')
  }
}
