/** Steps through the history. */
import { button, h, setText } from '../elements/dom.ts'

const playMs = 700

/** Steps and scrubs through a list of moments. */
export class Stepper {
  readonly root: HTMLElement
  readonly #choose: (index: number) => void
  readonly #range = h('input', { type: 'range', min: 0, step: 1, 'aria-label': 'Moment' })
  readonly #place = h('span', { class: 'number place' })
  readonly #buttons: readonly HTMLButtonElement[]
  readonly #play: HTMLButtonElement
  #timer: ReturnType<typeof setInterval> | undefined
  #index = 0
  #length = 0

  constructor(choose: (index: number) => void) {
    this.#choose = choose
    const step = (sign: string, label: string, to: () => number) =>
      button(sign, () => this.#go(to()), { label, class: 'step' })
    this.#play = button('Play', () => this.#toggle(), { class: 'play' })
    this.#buttons = [
      step('⇤', 'First moment', () => 0),
      step('←', 'Step back', () => this.#index - 1),
      this.#play,
      step('→', 'Step forward', () => this.#index + 1),
      step('⇥', 'Latest moment', () => this.#length - 1),
    ]
    this.root = h(
      'div',
      { class: 'stepper', role: 'group', 'aria-label': 'Step through the history' },
      h('div', { class: 'segmented' }, ...this.#buttons),
      this.#range,
      this.#place,
    )
    this.#range.addEventListener('input', () => this.#go(this.#range.valueAsNumber))
  }

  show(index: number, length: number, text: string): void {
    this.#index = index
    this.#length = length
    this.#range.max = String(Math.max(0, length - 1))
    this.#range.value = String(Math.max(0, index))
    this.#range.setAttribute('aria-valuetext', text)
    this.#range.disabled = length === 0
    setText(this.#place, length === 0 ? '0 / 0' : `${index + 1} / ${length}`)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #go(index: number): void {
    if (this.#length === 0) return
    const chosen = Math.max(0, Math.min(this.#length - 1, index))
    if (chosen === this.#length - 1) this.#stop()
    this.#choose(chosen)
  }

  #toggle(): void {
    if (this.#timer !== undefined) {
      this.#stop()
      return
    }
    if (this.#index >= this.#length - 1) this.#go(0)
    this.#play.textContent = 'Stop'
    this.#timer = setInterval(() => this.#go(this.#index + 1), playMs)
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#play.textContent = 'Play'
  }
}
