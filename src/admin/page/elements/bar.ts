/** A bar that shows the use of a limit. */
import { h, setText } from './dom.ts'

/** A usage bar for a limit. The colours match the health states: warning from 80 %, critical from 95 %. */
export class Bar {
  readonly root: HTMLElement
  readonly #fill = h('span', { class: 'bar-fill' })
  readonly #text = h('span', { class: 'bar-text' })
  readonly #bar: HTMLElement

  constructor(name: string) {
    this.#bar = h(
      'span',
      { class: 'bar', role: 'meter', 'aria-label': name, 'aria-valuemin': 0, 'aria-valuemax': 100 },
      this.#fill,
    )
    this.root = h('div', { class: 'bar-row' }, h('span', { class: 'bar-name' }, name), this.#bar, this.#text)
  }

  show(used: number, limit: number, text: string): void {
    const share = limit > 0 ? used / limit : 0
    const percent = Math.round(Math.min(1, share) * 1000) / 10
    this.#fill.style.width = `${percent}%`
    this.#bar.dataset['level'] = share >= 0.95 ? 'critical' : share >= 0.8 ? 'warning' : 'fine'
    this.#bar.setAttribute('aria-valuenow', String(Math.round(percent)))
    this.#bar.setAttribute('aria-valuetext', text)
    setText(this.#text, text)
  }
}
