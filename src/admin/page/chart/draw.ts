/** Draws a chart as SVG from its layout. */
import { svg } from '../elements/dom.ts'
import type { Box, ChartEdge, ChartFile, ChartNode, EdgeLayout, Plan } from './model.ts'
import { arrowHead, rounded } from './path.ts'
import {
  headerHeight,
  isTimed,
  labelHeight,
  labelLines,
  nodesById,
  rowHeight,
  rowsOf,
  titleHeight,
} from './rows.ts'

/** How long an arrow stays highlighted after it fired. */
const flashMs = 1_600
const noRows = { entry: [], exit: [], invoke: [] }

/**
 * A chart as SVG, drawn once. CSS classes carry the live state: `on` for active states, `fired` for arrows
 * that have just fired, `last` for the arrows of the latest move, `next` for arrows that can fire now.
 */
export class Drawing {
  readonly svg: SVGSVGElement
  readonly file: ChartFile
  readonly #plan: Plan
  readonly #isSmall: boolean
  readonly #states = new Map<string, SVGGElement>()
  /** Arrows, and the rows that stand for transitions without a target. */
  readonly #edges = new Map<string, SVGElement[]>()
  readonly #countdowns = new Map<string, SVGTSpanElement>()
  readonly #flashes = new Map<string, number>()
  #lit: ReadonlySet<string> = new Set()

  /** `isSmall` draws state names only. */
  constructor(file: ChartFile, isSmall = false) {
    this.file = file
    this.#isSmall = isSmall
    const { chart } = file
    const layout = isSmall ? file.layout.compact : file.layout
    this.#plan = layout
    this.svg = svg('svg', {
      class: isSmall ? 'chart small' : 'chart',
      role: 'img',
      viewBox: `0 0 ${layout.w} ${layout.h}`,
      'aria-label': `State chart of ${chart.root.id}`,
    })
    for (const node of nodesById(chart).values()) this.#drawState(node)
    const arrows = chart.edges.filter(({ internal }) => !internal)
    for (const [id, edge] of Object.entries(layout.e))
      if (id.endsWith('#init')) this.#drawLine(id, edge, 'init')
    for (const edge of arrows) this.#drawLine(edge.id, layout.e[edge.id], '')
    for (const edge of arrows) this.#drawLabel(edge, layout.e[edge.id])
  }

  light(ids: ReadonlySet<string>): void {
    for (const id of this.#lit) if (!ids.has(id)) this.#states.get(id)?.classList.remove('on')
    for (const id of ids) this.#states.get(id)?.classList.add('on')
    this.#lit = ids
  }

  /** The box of the innermost active state. */
  litBox(): Box {
    const boxes = [...this.#lit].flatMap((id) => {
      const box = this.#plan.n[id]
      return box === undefined ? [] : [box]
    })
    boxes.sort((one, other) => one[2] * one[3] - other[2] * other[3])
    return boxes[0] ?? [0, 0, this.#plan.w, this.#plan.h]
  }

  fire(edges: readonly string[]): void {
    if (edges.length > 0) this.showLast(edges)
    for (const id of edges) {
      clearTimeout(this.#flashes.get(id))
      this.#mark(id, 'fired', true)
      const end = () => {
        this.#flashes.delete(id)
        this.#mark(id, 'fired', false)
      }
      this.#flashes.set(id, setTimeout(end, flashMs))
    }
  }

  /** Marks the arrows of one moment until the next call. */
  showLast(edges: readonly string[]): void {
    this.#only('last', edges)
  }

  showNext(edges: readonly string[]): void {
    this.#only('next', edges)
  }

  /** Sets the countdown beside an `after` label; null removes it because the timer is not running. */
  countDown(edge: string, text: string | null): void {
    const span = this.#countdowns.get(edge)
    if (span !== undefined && span.textContent !== (text ?? '')) span.textContent = text ?? ''
  }

  get timedEdges(): Iterable<string> {
    return this.#countdowns.keys()
  }

  #only(name: string, edges: readonly string[]): void {
    for (const marked of this.svg.querySelectorAll(`.${name}`)) marked.classList.remove(name)
    for (const id of edges) this.#mark(id, name, true)
  }

  #mark(id: string, name: string, isOn: boolean): void {
    for (const element of this.#edges.get(id) ?? []) element.classList.toggle(name, isOn)
    // A transition with several targets is drawn as several arrows.
    if (id.includes('+')) return
    for (let at = 1; this.#edges.has(`${id}+${at}`); at++) this.#mark(`${id}+${at}`, name, isOn)
  }

  #drawState(node: ChartNode): void {
    const box = this.#plan.n[node.id]
    if (box === undefined) return
    const [x, y, width, height] = box
    const isLeaf = node.children.length === 0
    const rows = this.#isSmall ? [] : rowsOf(node, this.file.chart.edges)
    const group = svg('g', {
      class: `state ${node.type} ${isLeaf ? 'leaf' : 'compound'}`,
      'data-state': node.id,
    })
    if (node.description !== undefined) group.append(svg('title', {}, node.description))
    group.append(svg('rect', { class: 'box', x, y, width, height, rx: 7 }))
    if (node.type === 'final') {
      group.append(
        svg('rect', { class: 'inner', x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 5 }),
      )
    }
    if (!isLeaf) {
      const under =
        y +
        headerHeight(
          { ...node, ...(this.#isSmall ? noRows : {}) },
          this.#isSmall ? [] : this.file.chart.edges,
        )
      group.append(svg('path', { class: 'under', d: `M${x} ${under}h${width}` }))
    }
    const isBare = isLeaf && rows.length === 0
    group.append(
      svg(
        'text',
        {
          class: 'name',
          x: x + (isBare ? width / 2 : 11),
          y: isBare ? y + height / 2 + 5 : y + 18,
          'text-anchor': isBare ? 'middle' : 'start',
        },
        node.key,
      ),
    )
    for (const [at, row] of rows.entries()) {
      const top = y + titleHeight + at * rowHeight
      const line = svg('g', { class: `row ${row.kind}` })
      line.append(
        svg('rect', { class: 'plate', x: x + 6, y: top + 1, width: width - 12, height: rowHeight, rx: 3 }),
      )
      line.append(svg('text', { x: x + 11, y: top + 13 }, row.text))
      if (row.edge !== undefined) this.#edges.set(row.edge, [line])
      group.append(line)
    }
    const dot = this.#plan.n[`${node.id}#init`]
    if (dot !== undefined) group.append(svg('circle', { class: 'dot', cx: dot[0] + 5, cy: dot[1] + 5, r: 4 }))
    this.#states.set(node.id, group)
    this.svg.append(group)
  }

  #drawLine(id: string, edge: EdgeLayout | undefined, kind: string): void {
    if (edge === undefined) return
    const group = svg(
      'g',
      { class: `edge ${kind}` },
      svg('path', { class: 'line', d: rounded(edge.p) }),
      svg('polygon', { class: 'head', points: arrowHead(edge.p) }),
    )
    this.#edges.set(id, [group])
    this.svg.append(group)
  }

  #drawLabel(edge: ChartEdge, layout: EdgeLayout | undefined): void {
    if (layout?.l === undefined) return
    const [x, y, width, height] = layout.l
    const group = svg('g', { class: 'label' })
    group.append(svg('rect', { class: 'plate', x, y, width, height, rx: 3 }))
    for (const [at, text] of labelLines(edge).entries()) {
      const line = svg(
        'text',
        {
          class: at === 0 ? 'event' : 'action',
          x: x + width / 2,
          y: y + at * labelHeight + 12,
          'text-anchor': 'middle',
        },
        text,
      )
      if (at === 0 && isTimed(edge)) {
        const span = svg('tspan', { class: 'countdown', dx: 5 })
        this.#countdowns.set(edge.id, span)
        line.append(span)
      }
      group.append(line)
    }
    this.#edges.get(edge.id)?.push(group)
    this.svg.append(group)
  }
}
