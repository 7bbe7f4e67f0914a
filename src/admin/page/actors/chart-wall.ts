/** All charts as tiles. */
import { Drawing } from '../chart/draw.ts'
import { litStates } from '../chart/lit.ts'
import { h, keepList, setText } from '../elements/dom.ts'
import { addressOf } from '../shell/address.ts'
import type { Move } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import { placed } from './actor-tree.ts'

/** How long the chart of an ended actor stays visible, so that a viewer can see how it ended. */
const farewellMs = 8_000

/** All running charts side by side at a small size. */
export class ChartWall {
  readonly #page: Page
  readonly #tiles = new Map<string, Tile>()
  readonly #wall = h('div', { class: 'wall' })
  readonly #ending = new AbortController()
  #frame = 0

  constructor(root: HTMLElement, page: Page) {
    this.#page = page
    root.append(
      h(
        'div',
        { class: 'view-head' },
        h('h1', {}, 'Charts'),
        h(
          'p',
          { class: 'summary' },
          'Every actor is a state chart. These are the running machines with their current states.',
        ),
      ),
      this.#wall,
    )
    const { signal } = this.#ending
    page.store.addEventListener('change', () => this.#later(), { signal })
    page.store.onMove((move) => this.#tiles.get(move.actor)?.fire(move), signal)
    this.#later()
  }

  close(): void {
    this.#ending.abort()
    cancelAnimationFrame(this.#frame)
  }

  #later(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      const { actors } = this.#page.store
      const now = this.#page.store.now()
      const living = placed(actors)
        .map(({ actor }) => actor)
        .filter(({ gone, chart }) => chart !== null && (gone === null || now - gone < farewellMs))
      keepList(
        this.#wall,
        this.#tiles,
        living.map(({ id }) => id),
        (id) => new Tile(id, this.#page),
      )
      for (const actor of living) this.#tiles.get(actor.id)?.show(actor.state, actor.gone !== null)
    })
  }
}

class Tile {
  readonly root: HTMLElement
  readonly #state = h('span', { class: 'state-pill' })
  readonly #picture = h('div', { class: 'tile-picture' })
  #drawing: Drawing | null = null
  #shown: string | null = null

  constructor(id: string, page: Page) {
    this.root = h(
      'a',
      { class: 'tile', href: addressOf('charts', [id]), 'data-actor': id },
      h('span', { class: 'tile-head' }, h('strong', {}, id), this.#state),
      this.#picture,
    )
    const chart = page.store.actors.get(id)?.chart ?? null
    if (chart !== null) void page.client.chart(chart).then((file) => this.#draw(file))
  }

  show(state: string, isGone = false): void {
    this.root.classList.toggle('ended', isGone)
    setText(this.#state, state)
    if (this.#drawing === null || this.#shown === state) return
    this.#shown = state
    this.#drawing.light(litStates(this.#drawing.file, state))
  }

  fire(move: Move): void {
    this.#drawing?.fire(move.edges)
  }

  #draw(file: Drawing['file'] | null): void {
    if (file === null) return
    this.#drawing = new Drawing(file, true)
    // The actor's name and state are in the text beside it.
    this.#drawing.svg.setAttribute('aria-hidden', 'true')
    this.#picture.append(this.#drawing.svg)
    this.show(this.#state.textContent ?? '')
  }
}
