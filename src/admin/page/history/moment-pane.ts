/** The chart and the facts of one moment. */
import { ChartPanes } from '../actors/chart-panes.ts'
import { moveText } from '../actors/move-line.ts'
import { eventText } from '../chart/event-text.ts'
import type { ChartFile } from '../chart/model.ts'
import { h, setText } from '../elements/dom.ts'
import { timeOfDay } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import type { Move } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'

/** One moment: the event, what it changed, and the chart at that time. */
export class MomentPane {
  readonly root: HTMLElement
  readonly #page: Page
  readonly #panes = new ChartPanes()
  readonly #actor = h('a', { class: 'moment-actor' })
  readonly #facts = h('dl', { class: 'facts' })
  readonly #diff = h('table', { class: 'diff' })
  #chart: string | null | undefined
  #move: Move | undefined
  #file: ChartFile | null = null

  constructor(page: Page) {
    this.#page = page
    this.root = h(
      'section',
      { class: 'moment', 'aria-label': 'Moment' },
      h(
        'div',
        { class: 'moment-text', tabindex: 0, role: 'group', 'aria-label': 'What happened' },
        h('h2', {}, this.#actor),
        this.#facts,
        this.#diff,
      ),
      this.#panes.root,
    )
    this.root.hidden = true
  }

  /** The chart and move on screen; null if the move has no chart. */
  get shown(): { readonly file: ChartFile; readonly move: Move } | null {
    return this.#file === null || this.#move === undefined ? null : { file: this.#file, move: this.#move }
  }

  show(move: Move | undefined, chart: string | null, isLive: boolean): void {
    this.root.hidden = move === undefined
    if (move === undefined || move === this.#move) return
    const isNew = isLive && this.#move !== undefined
    this.#move = move
    setText(this.#actor, move.actor)
    this.#actor.href = addressOf('charts', [move.actor])
    this.#showFacts(move)
    this.#showDiff(move)
    void this.#showChart(move, chart, isNew)
  }

  close(): void {
    this.#panes.close()
  }

  #showFacts(move: Move): void {
    const facts = [
      ['When', `${timeOfDay(move.at)}  (move ${move.seq})`],
      ['Event', eventText(move.event)],
      ['From', move.sender ?? 'external or unknown'],
      ['State', move.ignored ? `${move.to} (event ignored)` : `${move.from ?? 'started'} ${moveText(move)}`],
      ...(move.skipped > 0
        ? [['Omitted', `${move.skipped} earlier moves, because too many came at once`]]
        : []),
    ] as const
    this.#facts.replaceChildren(
      ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    )
  }

  #showDiff({ diff }: Move): void {
    const changes = Object.entries(diff ?? {})
    this.#diff.hidden = changes.length === 0
    const text = (value: unknown) => (value === null ? '–' : String(value))
    this.#diff.replaceChildren(
      h('caption', {}, 'Changed values'),
      h(
        'tbody',
        {},
        ...changes.map(([name, [before, after]]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            h('td', {}, text(before)),
            h('td', {}, `→ ${text(after)}`),
          ),
        ),
      ),
    )
  }

  async #showChart(move: Move, chart: string | null, isNew: boolean): Promise<void> {
    if (chart !== this.#chart) {
      this.#chart = chart
      const file = chart === null ? null : await this.#page.client.chart(chart)
      // The viewer selected another moment while the chart was loading.
      if (this.#chart !== chart) return
      this.#file = file
      this.#panes.draw(file)
    }
    if (this.#move !== move && this.#chart !== chart) return
    const now = this.#move ?? move
    this.#panes.show(now.to, now.edges, isNew && !now.ignored)
  }
}
