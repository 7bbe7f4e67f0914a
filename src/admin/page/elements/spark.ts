/** A small line chart of recent values. */
import { maxPoints } from '../shell/store.ts'
import { h, setText, svg } from './dom.ts'

const width = 200
const height = 34

/** A sparkline of the last two minutes with the current value. */
export class Spark {
  readonly root: HTMLElement
  readonly #value = h('span', { class: 'spark-value' }, '–')
  readonly #lines: readonly SVGPolylineElement[]
  readonly #area = svg('polygon', { class: 'spark-area' })
  readonly #picture: SVGSVGElement
  readonly #name: string

  /** `lines`: 1, or 2 for a second, fainter line. */
  constructor(name: string, lines: 1 | 2 = 1) {
    this.#name = name
    this.#lines = Array.from({ length: lines }, (_, at) =>
      svg('polyline', { class: `spark-line line-${at}` }),
    )
    this.#picture = svg(
      'svg',
      { class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' },
      this.#area,
      ...this.#lines.toReversed(),
    )
    this.root = h(
      'div',
      { class: 'spark-box' },
      h('div', { class: 'spark-head' }, h('span', { class: 'spark-name' }, name), this.#value),
      this.#picture,
    )
  }

  /**
   * `series` has one array per line: one value a second, oldest first. `floor` is the minimum for the top of
   * the scale.
   */
  show(series: readonly (readonly number[])[], text: string, floor: number): void {
    const top = Math.max(floor, ...series.flat()) * 1.08
    for (const [at, line] of this.#lines.entries()) {
      const values = series[at] ?? []
      const points = values.map((value, index) => {
        const x = width - ((values.length - 1 - index) * width) / (maxPoints - 1)
        return `${x.toFixed(1)},${(height - 1.5 - (value / top) * (height - 4)).toFixed(1)}`
      })
      line.setAttribute('points', points.join(' '))
      if (at > 0 || points.length === 0) continue
      const [first] = points
      this.#area.setAttribute(
        'points',
        `${first?.split(',')[0]},${height} ${points.join(' ')} ${width},${height}`,
      )
    }
    setText(this.#value, text)
    this.#picture.setAttribute('aria-label', `${this.#name}, last two minutes; now ${text}`)
  }
}
