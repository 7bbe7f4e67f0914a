/** The selection of an actor. */
import { h } from '../elements/dom.ts'
import type { Actor } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import { placed } from './actor-tree.ts'

/** Deeper levels are not indented further. */
const maxDepth = 8

/** Selects an actor; ended actors come last. */
export class ActorPicker {
  readonly root: HTMLSelectElement
  readonly #page: Page
  readonly #all: string | null
  #chosen: string
  #known = ''
  #actors: ReadonlyMap<string, Actor> | null = null

  /**
   * `all` is the label of the option for every actor, whose value is ''; null if one actor must be chosen.
   */
  constructor(page: Page, chosen: string, choose: (id: string) => void, all: string | null = null) {
    this.#page = page
    this.#chosen = chosen
    this.#all = all
    this.root = h('select', { 'aria-label': 'Actor', class: 'actor-picker' })
    this.root.addEventListener('change', () => choose(this.root.value))
    this.show()
  }

  set chosen(id: string) {
    this.#chosen = id
    this.show()
  }

  /** Lists the actors of an imported file; null lists those of the daemon. */
  use(actors: ReadonlyMap<string, Actor> | null): void {
    this.#actors = actors
    this.show()
  }

  show(): void {
    const tree = placed(this.#actors ?? this.#page.store.actors)
    const living = tree.filter(({ actor }) => actor.gone === null)
    const gone = tree.filter(({ actor }) => actor.gone !== null)
    const known = [this.#chosen, ...living, '|', ...gone]
      .map((one) => (typeof one === 'string' ? one : one.actor.id))
      .join('\n')
    // Rebuilding the options closes an open list, so rebuild only when the actors changed.
    if (known === this.#known) return
    this.#known = known
    const options = [
      ...(this.#all === null ? [] : [h('option', { value: '' }, this.#all)]),
      ...living.map(({ actor, depth }) =>
        h('option', { value: actor.id }, `${'\u2003'.repeat(Math.min(depth, maxDepth))}${actor.id}`),
      ),
    ]
    const isKnown = this.#chosen === '' || tree.some(({ actor }) => actor.id === this.#chosen)
    if (!isKnown) options.push(h('option', { value: this.#chosen }, this.#chosen))
    const ended = gone.map(({ actor }) => h('option', { value: actor.id }, actor.id))
    this.root.replaceChildren(
      ...options,
      ...(ended.length > 0 ? [h('optgroup', { label: 'Ended' }, ...ended)] : []),
    )
    this.root.value = this.#chosen
  }
}
