/** The traffic view: exchanges and connections of a worker. */
import type { Connections, TrafficPage, TrafficRecord } from '../../api/schema/traffic.ts'
import { button, h, setText } from '../elements/dom.ts'
import type { Page, View } from '../shell/view.ts'
import { ConnectionTable } from '../traffic/connection-table.ts'
import { isFailed } from '../traffic/failed.ts'
import { Poll } from '../traffic/poll.ts'
import { has, RequestTable } from '../traffic/request-table.ts'

/** Maximum records kept for filtering. */
const maxKept = 2_000

/**
 * `#/traffic/WORKER` shows its latest exchanges and open connections. Refused and failed exchanges are always
 * recorded, all others only while a viewer watches.
 */
export const trafficView: View = {
  name: 'traffic',
  title: 'Traffic',
  open(root, page) {
    const bench = new TrafficBench(root, page)
    return {
      show: ({ parts: [worker = ''] }) => bench.show(worker),
      close: () => bench.close(),
    }
  },
}

class TrafficBench {
  readonly #page: Page
  readonly #ending = new AbortController()
  readonly #requests = new RequestTable()
  readonly #connections: ConnectionTable
  readonly #picker = h('select', { 'aria-label': 'Worker' })
  readonly #filter = h('input', { type: 'search', 'aria-label': 'Filter exchanges', placeholder: 'Filter' })
  readonly #onlyFailed = h('input', { type: 'checkbox' })
  readonly #watch: HTMLButtonElement
  readonly #summary = h('p', { class: 'summary' })
  readonly #openText = h('p', { class: 'summary' })
  readonly #poll: Poll
  #worker = ''
  #after = ''
  #records: TrafficRecord[] = []
  #isWatching = false

  constructor(root: HTMLElement, page: Page) {
    this.#page = page
    this.#connections = new ConnectionTable(page)
    this.#watch = button('Watch', () => this.#toggle(), { 'aria-pressed': 'false' })
    this.#poll = new Poll((signal) => this.#ask(signal))
    this.#picker.addEventListener('change', () => page.go('traffic', [this.#picker.value]))
    this.#filter.addEventListener('input', () => this.#draw())
    this.#onlyFailed.addEventListener('change', () => this.#draw())
    page.store.addEventListener('change', () => this.#fillPicker(), { signal: this.#ending.signal })
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'Traffic'), this.#picker, this.#watch, this.#summary),
      h(
        'section',
        { class: 'traffic-part', 'aria-labelledby': 'requests-title' },
        h(
          'div',
          { class: 'section-head' },
          h('h2', { id: 'requests-title' }, 'Exchanges'),
          this.#filter,
          h('label', { class: 'check' }, this.#onlyFailed, 'Only failed'),
        ),
        this.#requests.root,
      ),
      h(
        'section',
        { class: 'traffic-part', 'aria-labelledby': 'connections-title' },
        h(
          'div',
          { class: 'section-head' },
          h('h2', { id: 'connections-title' }, 'Connections'),
          this.#openText,
        ),
        this.#connections.root,
      ),
    )
    this.#fillPicker()
  }

  show(worker: string): void {
    const wanted = worker === '' ? (this.#names()[0] ?? '') : worker
    if (wanted === this.#worker && wanted !== '') return
    this.#worker = wanted
    this.#after = ''
    this.#records = []
    this.#fillPicker()
    this.#draw()
    this.#poll.now()
  }

  close(): void {
    this.#ending.abort()
    this.#poll.close()
  }

  #names(): readonly string[] {
    return [...new Set([...this.#page.store.workers.values()].map(({ worker }) => worker))]
  }

  #fillPicker(): void {
    const names = this.#names()
    if (this.#worker === '' && names.length > 0) {
      this.show('')
      return
    }
    const shown = [...this.#picker.options].map(({ value }) => value)
    if (shown.join() !== names.join())
      this.#picker.replaceChildren(...names.map((name) => h('option', { value: name }, name)))
    this.#picker.value = this.#worker
  }

  #toggle(): void {
    this.#isWatching = !this.#isWatching
    this.#watch.setAttribute('aria-pressed', String(this.#isWatching))
    this.#page.say(
      this.#isWatching
        ? 'While this view is open, all exchanges are recorded, up to 50 per second.'
        : 'Only refused and failed exchanges are recorded.',
    )
    this.#poll.now()
  }

  async #ask(signal: AbortSignal): Promise<void> {
    if (this.#worker === '') return
    const worker = encodeURIComponent(this.#worker)
    const watch = this.#isWatching ? '&watch=1' : ''
    const { client } = this.#page
    try {
      const [page, connections] = await Promise.all([
        client.get<TrafficPage>(
          `/api/requests?worker=${worker}&after=${encodeURIComponent(this.#after)}${watch}`,
          signal,
        ),
        client.get<Connections>(`/api/connections?worker=${worker}`, signal),
      ])
      this.#take(page, connections)
    } catch (error) {
      if (!signal.aborted) setText(this.#summary, error instanceof Error ? error.message : String(error))
    }
  }

  #take(page: TrafficPage, connections: Connections): void {
    this.#after = page.after
    if (page.requests.length > 0) {
      this.#records = [...this.#records, ...page.requests].slice(-maxKept)
      this.#draw()
    }
    const skipped = page.skipped > 0 ? `, ${page.skipped} not recorded` : ''
    const silent = page.silent.length > 0 ? `; ${page.silent.join(', ')} did not answer` : ''
    const what = page.watched ? 'all exchanges' : 'refused and failed exchanges'
    setText(this.#summary, `${what}${skipped}${silent}`)
    this.#connections.show(connections)
    const { length } = connections.connections
    setText(
      this.#openText,
      length < connections.open ? `${connections.open}, the oldest ${length}` : `${connections.open}`,
    )
  }

  #draw(): void {
    const text = this.#filter.value.trim()
    const shown = this.#records.filter(
      (record) => (text === '' || has(record, text)) && (!this.#onlyFailed.checked || isFailed(record)),
    )
    const isEmpty = this.#records.length === 0
    this.#requests.show(shown, isEmpty ? 'No exchange was refused or failed so far.' : 'No exchange matches.')
  }
}
