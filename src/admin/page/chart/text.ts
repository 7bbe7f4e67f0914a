/** A chart as nested text. */
import { h } from '../elements/dom.ts'
import type { ChartEdge, ChartFile, ChartNode } from './model.ts'
import { edgeText, rowsOf } from './rows.ts'

/** A chart as nested lists, for screen readers and narrow screens. It updates as the drawing does. */
export class ChartText {
  readonly root: HTMLElement
  readonly #states = new Map<string, { readonly item: HTMLElement; readonly mark: HTMLElement }>()
  readonly #edges = new Map<string, HTMLElement>()
  readonly #file: ChartFile

  constructor(file: ChartFile) {
    this.#file = file
    this.root = h(
      'div',
      { class: 'chart-text', role: 'region', 'aria-label': 'Chart as text', tabindex: 0 },
      h('ul', {}, this.#state(file.chart.root)),
    )
  }

  light(ids: ReadonlySet<string>): void {
    for (const [id, { item, mark }] of this.#states) {
      item.classList.toggle('on', ids.has(id))
      mark.hidden = !ids.has(id)
    }
  }

  showLast(edges: readonly string[]): void {
    for (const [id, item] of this.#edges) item.classList.toggle('last', edges.includes(id))
  }

  showNext(edges: readonly string[]): void {
    for (const [id, item] of this.#edges) item.classList.toggle('next', edges.includes(id))
  }

  #state(node: ChartNode): HTMLElement {
    const mark = h('span', { class: 'now' }, 'current')
    const { edges } = this.#file.chart
    const rows = rowsOf(node, edges).filter(({ kind }) => kind !== 'event')
    const own = edges.filter(({ source }) => source === node.id)
    const item = h(
      'li',
      { class: 'state-item', 'data-state': node.id },
      h(
        'p',
        { class: 'state-line' },
        h('strong', {}, node.key),
        node.type === 'atomic' ? null : h('span', { class: 'kind' }, node.type),
        this.#isInitial(node) && h('span', { class: 'kind' }, 'initial'),
        mark,
      ),
      node.description !== undefined && h('p', { class: 'says' }, node.description),
      rows.length > 0 && h('p', { class: 'does' }, rows.map(({ text }) => text).join(' · ')),
      own.length > 0 && h('ul', { class: 'moves-list' }, ...own.map((edge) => this.#edge(edge))),
      node.children.length > 0 && h('ul', {}, ...node.children.map((child) => this.#state(child))),
    )
    this.#states.set(node.id, { item, mark })
    return item
  }

  #edge(edge: ChartEdge): HTMLElement {
    const { root } = this.#file.chart
    const target = edge.target === root.id ? root.key : edge.target.slice(root.id.length + 1)
    const item = h(
      'li',
      {},
      h('code', {}, edgeText(edge)),
      edge.internal ? h('span', { class: 'stays' }, ' stays') : h('span', {}, ` → ${target}`),
    )
    this.#edges.set(edge.id, item)
    return item
  }

  #isInitial(node: ChartNode): boolean {
    const starts = (one: ChartNode): boolean => one.initial === node.id || one.children.some(starts)
    return starts(this.#file.chart.root)
  }
}
