/** A chart as a diagram or as text. */
import { Drawing } from '../chart/draw.ts'
import { litStates } from '../chart/lit.ts'
import type { ChartFile } from '../chart/model.ts'
import { ChartText } from '../chart/text.ts'
import { Viewport } from '../chart/viewport.ts'
import { button, h } from '../elements/dom.ts'

const narrow = matchMedia('(max-width: 640px)')

/** One chart as a diagram and as text. Both update; one is visible. Narrow screens start with the text. */
export class ChartPanes {
  readonly root = h('div', { class: 'panes' })
  readonly #bar = h('div', { class: 'pane-bar' })
  readonly #body = h('div', { class: 'pane-body' })
  readonly #asDiagram = button('Diagram', () => this.#choose('diagram'))
  readonly #asText = button('Text', () => this.#choose('text'))
  #parts: { readonly drawing: Drawing; readonly text: ChartText; readonly viewport: Viewport } | null = null
  #kind: 'diagram' | 'text' = narrow.matches ? 'text' : 'diagram'

  /** `extra` are further controls beside the diagram/text switch. */
  constructor(...extra: readonly HTMLElement[]) {
    this.#bar.append(
      h(
        'div',
        { class: 'segmented', role: 'group', 'aria-label': 'Shown as' },
        this.#asDiagram,
        this.#asText,
      ),
      ...extra,
    )
    this.root.append(this.#bar, this.#body)
    this.#body.append(h('p', { class: 'empty' }, 'Loading the chart …'))
  }

  get drawing(): Drawing | null {
    return this.#parts?.drawing ?? null
  }

  draw(file: ChartFile | null): void {
    this.close()
    if (file === null) {
      this.#body.replaceChildren(h('p', { class: 'empty' }, 'There is no drawing of this chart.'))
      return
    }
    const drawing = new Drawing(file)
    this.#parts = { drawing, text: new ChartText(file), viewport: new Viewport(drawing) }
    this.#bar.append(this.#parts.viewport.tools)
    this.#body.replaceChildren(this.#parts.viewport.root, this.#parts.text.root)
    this.#choose(this.#kind)
  }

  /** Shows a message instead of a chart. */
  say(text: string): void {
    if (this.#parts === null) this.#body.replaceChildren(h('p', { class: 'empty' }, text))
  }

  /** Shows a state and the arrows that led to it. `flash` highlights the arrows as just fired. */
  show(state: string, last: readonly string[], flash: boolean): void {
    if (this.#parts === null) return
    const { drawing, text, viewport } = this.#parts
    const lit = litStates(drawing.file, state)
    drawing.light(lit)
    text.light(lit)
    if (flash) drawing.fire(last)
    else drawing.showLast(last)
    text.showLast(last)
    const { key } = drawing.file.chart.root
    drawing.svg.setAttribute(
      'aria-label',
      `State chart of ${key}; current state: ${state}. The text view contains the same.`,
    )
    viewport.follow()
  }

  showNext(edges: readonly string[]): void {
    this.#parts?.drawing.showNext(edges)
    this.#parts?.text.showNext(edges)
  }

  close(): void {
    this.#parts?.viewport.close()
    this.#parts?.viewport.tools.remove()
    this.#parts = null
  }

  #choose(kind: 'diagram' | 'text'): void {
    this.#kind = kind
    this.#asDiagram.setAttribute('aria-pressed', String(kind === 'diagram'))
    this.#asText.setAttribute('aria-pressed', String(kind === 'text'))
    if (this.#parts === null) return
    this.#parts.viewport.root.hidden = kind === 'text'
    this.#parts.viewport.tools.hidden = kind === 'text'
    this.#parts.text.root.hidden = kind === 'diagram'
  }
}
