/** The details beside a chart: timers, possible events, context and latest moves. */
import type { Drawing } from '../chart/draw.ts'
import { eventText, shortState } from '../chart/event-text.ts'
import { h, setText } from '../elements/dom.ts'
import { remaining } from '../elements/format.ts'
import type { ActorDetail } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import { moveElement } from './move-line.ts'

const shownMoves = 40

/** The panel beside a chart: timers, possible next events, context and latest moves. */
export class ActorDetails {
  readonly root: HTMLElement
  readonly #page: Page
  readonly #id: string
  readonly #timers = h('ul', { class: 'timers' })
  readonly #next = h('ul', { class: 'next-list' })
  readonly #context = h('dl', { class: 'digest' })
  readonly #moves = h('ol', { class: 'moves', tabindex: 0, 'aria-label': 'Latest moves' })
  #timerLines: readonly {
    readonly at: number
    readonly ms: number
    readonly event: string
    readonly line: HTMLElement
  }[] = []
  #lastMove = -1

  constructor(page: Page, id: string) {
    this.#page = page
    this.#id = id
    const part = (title: string, body: HTMLElement) => h('section', {}, h('h2', {}, title), body)
    this.root = h(
      'aside',
      { class: 'details', 'aria-label': 'Details of the actor' },
      part('Timers', this.#timers),
      part('Possible events', this.#next),
      part('Context', this.#context),
      part('Latest moves', this.#moves),
    )
    this.#say(this.#timers, 'No timer is running.')
    this.#say(this.#next, '–')
  }

  show({ live, context, gone }: ActorDetail): void {
    const nothing = gone === null ? 'It did not answer in time.' : 'It has ended.'
    this.#showTimers(live?.timers ?? [], live === null ? nothing : 'No timer is running.')
    const next = live?.next ?? []
    this.#next.replaceChildren(
      ...next.map(({ event, guard, targets }) =>
        h(
          'li',
          {},
          h('code', {}, eventText(event)),
          guard !== null && h('span', { class: 'faint' }, ` [${guard}]`),
          h(
            'span',
            { class: 'faint' },
            targets.length === 0 ? ' stays' : ` → ${targets.map(shortState).join(', ')}`,
          ),
        ),
      ),
    )
    if (next.length === 0) this.#say(this.#next, live === null ? nothing : 'None.')
    const fields = Object.entries(context)
    this.#context.replaceChildren(
      ...fields.map(([name, value]) =>
        h('div', {}, h('dt', {}, name), h('dd', {}, value === null ? '–' : String(value))),
      ),
    )
    if (fields.length === 0) this.#context.replaceChildren(h('div', {}, h('dt', {}, 'Empty.'), h('dd')))
  }

  fail(error: unknown): void {
    this.#showTimers([], error instanceof Error ? error.message : String(error))
  }

  showMoves(): void {
    const moves = this.#page.store.movesOf(this.#id).slice(-shownMoves)
    const last = moves.at(-1)?.seq ?? 0
    if (last === this.#lastMove && this.#moves.childElementCount === moves.length) return
    this.#lastMove = last
    this.#moves.replaceChildren(
      ...moves.toReversed().map((move) => h('li', {}, moveElement(move, { withActor: false }))),
    )
  }

  /** Updates the countdowns, here and in the drawing. */
  tick(drawing: Drawing | null): void {
    const now = this.#page.store.now()
    const left = new Map<string, string>()
    for (const { at, ms, event, line } of this.#timerLines) {
      const text = remaining(at - now)
      left.set(event, text)
      const [, bar, time] = line.children
      if (time !== undefined) setText(time, text)
      const fill = bar?.firstElementChild as HTMLElement | null | undefined
      if (fill) fill.style.width = `${Math.max(0, Math.min(100, ((at - now) / ms) * 100))}%`
    }
    for (const edge of drawing?.timedEdges ?? []) {
      drawing?.countDown(edge, left.get(edge.split('|')[1] ?? '') ?? null)
    }
  }

  #showTimers(timers: NonNullable<ActorDetail['live']>['timers'], nothing: string): void {
    this.#timerLines = timers.map(({ at, ms, event }) => {
      const bar = h('span', { class: 'bar' }, h('span', { class: 'bar-fill' }))
      const line = h('li', {}, h('code', {}, eventText(event)), bar, h('span', { class: 'number' }))
      return { at, ms, event, line }
    })
    this.#timers.replaceChildren(...this.#timerLines.map(({ line }) => line))
    if (timers.length === 0) this.#say(this.#timers, nothing)
  }

  #say(list: HTMLElement, text: string): void {
    list.replaceChildren(h('li', { class: 'faint' }, text))
  }
}
