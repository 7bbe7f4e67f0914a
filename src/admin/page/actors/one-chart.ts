/** The view of one actor's chart. */
import { h, setText } from '../elements/dom.ts'
import { age } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import type { ActorDetail, Move } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import { ActorDetails } from './actor-details.ts'
import { ActorPicker } from './actor-picker.ts'
import { ChartPanes } from './chart-panes.ts'

/** Delay before the details of an actor are loaded again after a move, because moves arrive in bursts. */
const settleMs = 120

/** One actor: its chart with the current state, its timers, possible next events and latest moves. */
export class OneChart {
  readonly #page: Page
  readonly #id: string
  readonly #panes = new ChartPanes()
  readonly #details: ActorDetails
  readonly #state = h('span', { class: 'state-pill large' })
  readonly #since = h('span', { class: 'faint' })
  readonly #ending = new AbortController()
  readonly #clock: ReturnType<typeof setInterval>
  #asking: ReturnType<typeof setTimeout> | undefined
  #frame = 0
  #chart: string | null = null
  #lastEdges: readonly string[] = []
  #detail: ActorDetail | null = null

  constructor(root: HTMLElement, page: Page, id: string) {
    this.#page = page
    this.#id = id
    this.#details = new ActorDetails(page, id)
    const picker = new ActorPicker(page, id, (chosen) => page.go('charts', [chosen]))
    root.append(
      h(
        'div',
        { class: 'view-head chart-head' },
        h('h1', { class: 'visually-hidden' }, `Chart of ${id}`),
        h('a', { href: addressOf('charts'), class: 'back' }, 'All charts'),
        picker.root,
        this.#state,
        this.#since,
        h('a', { href: addressOf('history', [id]), class: 'to-history' }, 'History'),
      ),
      h('div', { class: 'chart-layout' }, this.#panes.root, this.#details.root),
    )
    const { signal } = this.#ending
    page.store.addEventListener('change', () => this.#later(), { signal })
    page.store.addEventListener('change', () => picker.show(), { signal })
    page.store.addEventListener('reset', () => this.#ask(0), { signal })
    page.store.onMove((move) => this.#moved(move), signal)
    this.#clock = setInterval(() => this.#tick(), 100)
    picker.show()
    this.#later()
    // While the stream connects, its initial reset triggers the first load.
    if (page.store.link !== 'connecting') this.#ask(0)
    void this.#loadMoves()
  }

  close(): void {
    this.#ending.abort()
    clearInterval(this.#clock)
    clearTimeout(this.#asking)
    cancelAnimationFrame(this.#frame)
    this.#panes.close()
  }

  async #loadMoves(): Promise<void> {
    try {
      const { moves } = await this.#page.client.history(this.#id, this.#ending.signal)
      this.#page.store.remember(moves)
      this.#lastEdges = moves.findLast(({ ignored }) => !ignored)?.edges ?? []
      this.#later()
    } catch {
      // The live stream delivers everything from here on.
    }
  }

  #moved(move: Move): void {
    if (move.actor !== this.#id) return
    if (!move.ignored) {
      this.#lastEdges = move.edges
      this.#panes.show(move.to, move.edges, true)
    }
    this.#ask(settleMs)
  }

  #ask(afterMs: number): void {
    clearTimeout(this.#asking)
    this.#asking = setTimeout(async () => {
      try {
        this.#take(await this.#page.client.actor(this.#id, this.#ending.signal))
      } catch (error) {
        if (!this.#ending.signal.aborted) this.#details.fail(error)
      }
    }, afterMs)
  }

  #take(detail: ActorDetail): void {
    this.#detail = detail
    this.#details.show(detail)
    this.#mark()
  }

  /** Marks the possible next events once both the chart and the actor's details are loaded. */
  #mark(): void {
    this.#panes.showNext(this.#detail?.live?.next.map(({ edge }) => edge) ?? [])
    this.#tick()
  }

  #later(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      const actor = this.#page.store.actors.get(this.#id)
      this.#details.showMoves()
      if (actor === undefined) {
        setText(this.#state, 'unknown')
        if (this.#page.store.link === 'live') this.#panes.say('There is no actor with this name.')
        return
      }
      setText(this.#state, actor.gone === null ? actor.state : `${actor.state} (ended)`)
      void this.#show(actor.chart, actor.state)
    })
  }

  async #show(chart: string | null, state: string): Promise<void> {
    if (this.#panes.drawing === null && this.#chart !== chart) {
      this.#chart = chart
      const file = chart === null ? null : await this.#page.client.chart(chart)
      if (this.#ending.signal.aborted) return
      this.#panes.draw(file)
      this.#mark()
    }
    this.#panes.show(state, this.#lastEdges, false)
  }

  #tick(): void {
    const actor = this.#page.store.actors.get(this.#id)
    if (actor !== undefined)
      setText(this.#since, forHowLong((actor.gone ?? this.#page.store.now()) - actor.since))
    this.#details.tick(this.#panes.drawing)
  }
}

const forHowLong = (ms: number) => (ms < 1000 ? age(ms) : `for ${age(ms)}`)
