/** Zooming and panning of a drawn chart. */
import { button, h } from '../elements/dom.ts'
import type { Drawing } from './draw.ts'
import type { Box } from './model.ts'

const smallest = 0.15
const largest = 4
/** The smallest scale at which the 11-unit labels are still readable. */
const readable = 1
const step = 1.25

interface Place {
  readonly x: number
  readonly y: number
}

/**
 * A viewport on a drawing: zoom (`+`, `-`, pinch, Ctrl + wheel), pan (drag, wheel, arrow keys), fit (`0`),
 * readable size (`1`). It opens at a readable size, centred on the active state. When the active state leaves
 * the viewport, the viewport follows, unless the viewer has moved it elsewhere.
 */
export class Viewport {
  readonly root: HTMLElement
  readonly tools: HTMLElement
  readonly #drawing: Drawing
  readonly #resize: ResizeObserver
  /** Pixels per drawing unit. `auto` picks a readable size. */
  #scale: number | 'fit' | 'auto' = 'auto'
  /** The drawing point at the centre; null follows the active state. */
  #middle: Place | null = null
  /** True while the active state was visible at the viewer's last move. */
  #follows = true
  readonly #pointers = new Map<number, PointerEvent>()

  constructor(drawing: Drawing) {
    this.#drawing = drawing
    this.root = h('div', {
      class: 'viewport',
      tabindex: 0,
      role: 'group',
      'aria-label':
        'Diagram. Plus and minus zoom, the arrow keys move, zero fits the whole chart, one shows the active states in a readable size.',
    })
    this.root.append(drawing.svg)
    this.tools = h(
      'div',
      { class: 'tools segmented', role: 'group', 'aria-label': 'Zoom' },
      button('−', () => this.zoom(1 / step), { label: 'Zoom out' }),
      button('+', () => this.zoom(step), { label: 'Zoom in' }),
      button('1:1', () => this.read(), { label: '1:1, readable size' }),
      button('Fit', () => this.fit(), { label: 'Fit the whole chart' }),
    )
    this.#listen()
    this.#resize = new ResizeObserver(() => {
      this.#show(this.#follows && this.#scale === 'auto' ? null : this.#middle)
      this.follow()
    })
    this.#resize.observe(this.root)
  }

  close(): void {
    this.#resize.disconnect()
  }

  fit(): void {
    this.#scale = 'fit'
    this.#follows = true
    this.#show(null)
  }

  /** Shows the active state at a readable size. */
  read(): void {
    this.#scale = 'auto'
    this.#follows = true
    this.#show(null)
  }

  /** Zooms around a point of the viewport, by default its centre. */
  zoom(factor: number, atX = this.root.clientWidth / 2, atY = this.root.clientHeight / 2): void {
    const before = this.#effective()
    const scale = Math.min(largest, Math.max(smallest, before * factor))
    const { x, y } = this.#place()
    const fromMiddleX = atX - this.root.clientWidth / 2
    const fromMiddleY = atY - this.root.clientHeight / 2
    this.#scale = scale
    this.#go({
      x: x + fromMiddleX / before - fromMiddleX / scale,
      y: y + fromMiddleY / before - fromMiddleY / scale,
    })
  }

  /** Moves the viewport by a distance in pixels. */
  pan(dx: number, dy: number): void {
    const { x, y } = this.#place()
    const scale = this.#effective()
    this.#scale = scale
    this.#go({ x: x - dx / scale, y: y - dy / scale })
  }

  /** Brings a new active state into view, unless the viewer has moved elsewhere. */
  follow(): void {
    if (this.#follows && !this.#isLitSeen()) this.#show(null)
  }

  #fitScale(): number {
    const { w, h: height } = this.#drawing.file.layout
    return Math.min(this.root.clientWidth / w, this.root.clientHeight / height, 1.3) || 1
  }

  #effective(): number {
    if (this.#scale === 'fit') return this.#fitScale()
    return this.#scale === 'auto' ? Math.max(this.#fitScale(), readable) : this.#scale
  }

  #place(): Place {
    const { w, h: height } = this.#drawing.file.layout
    if (this.#scale === 'fit') return { x: w / 2, y: height / 2 }
    return this.#middle ?? this.#around(this.#drawing.litBox())
  }

  #around([x, y, width, height]: Box): Place {
    return this.#within({ x: x + width / 2, y: y + height / 2 })
  }

  /** The nearest point that shows no area outside the drawing. */
  #within({ x, y }: Place): Place {
    const { w, h: height } = this.#drawing.file.layout
    const scale = this.#effective()
    return {
      x: within(x, w, this.root.clientWidth / scale),
      y: within(y, height, this.root.clientHeight / scale),
    }
  }

  #isLitSeen(): boolean {
    if (this.#middle === null) return this.#scale === 'fit'
    const [x, y, width, height] = this.#drawing.litBox()
    const scale = this.#effective()
    const halfWidth = this.root.clientWidth / scale / 2
    const halfHeight = this.root.clientHeight / scale / 2
    return (
      Math.abs(x + width / 2 - this.#middle.x) + width / 2 <= halfWidth &&
      Math.abs(y + height / 2 - this.#middle.y) + height / 2 <= halfHeight
    )
  }

  /** Moves to a point the viewer chose. Part of the drawing always stays visible. */
  #go({ x, y }: Place): void {
    const { w, h: height } = this.#drawing.file.layout
    this.#show({ x: Math.min(w, Math.max(0, x)), y: Math.min(height, Math.max(0, y)) })
    this.#follows = this.#isLitSeen()
  }

  /** Scrolls to a point; null means the active state. */
  #show(middle: Place | null): void {
    const { clientWidth, clientHeight } = this.root
    if (clientWidth === 0 || clientHeight === 0) return
    this.#middle = middle
    const { x, y } = this.#place()
    if (this.#scale !== 'fit') this.#middle = { x, y }
    const scale = this.#effective()
    const width = clientWidth / scale
    const height = clientHeight / scale
    this.#drawing.svg.setAttribute(
      'viewBox',
      [x - width / 2, y - height / 2, width, height].map((value) => value.toFixed(1)).join(' '),
    )
  }

  #listen(): void {
    const { root } = this
    root.addEventListener('keydown', (event) => {
      const keys: ReadonlyMap<string, () => void> = new Map(
        Object.entries({
          '+': () => this.zoom(step),
          '=': () => this.zoom(step),
          '-': () => this.zoom(1 / step),
          '0': () => this.fit(),
          '1': () => this.read(),
          ArrowLeft: () => this.pan(60, 0),
          ArrowRight: () => this.pan(-60, 0),
          ArrowUp: () => this.pan(0, 60),
          ArrowDown: () => this.pan(0, -60),
        }),
      )
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys.get(event.key)
      if (act === undefined) return
      event.preventDefault()
      act()
    })
    root.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    root.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return
      this.#pointers.set(event.pointerId, event)
      root.setPointerCapture(event.pointerId)
    })
    root.addEventListener('pointermove', (event) => this.#drag(event))
    for (const end of ['pointerup', 'pointercancel'] as const) {
      root.addEventListener(end, (event) => this.#pointers.delete(event.pointerId))
    }
  }

  /**
   * Browsers report a touchpad pinch as Ctrl + wheel. At the edge of the drawing the page scrolls instead.
   */
  #wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      const box = this.root.getBoundingClientRect()
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top)
      return
    }
    const before = this.#place()
    const scale = this.#effective()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    const wanted = this.#within({
      x: before.x + (event.deltaX * lines) / scale,
      y: before.y + (event.deltaY * lines) / scale,
    })
    if (Math.hypot(wanted.x - before.x, wanted.y - before.y) < 0.5) return
    event.preventDefault()
    this.pan((before.x - wanted.x) * scale, (before.y - wanted.y) * scale)
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId)
    if (before === undefined) return
    this.#pointers.set(event.pointerId, event)
    const other = [...this.#pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId)
    if (other === undefined) {
      this.pan(event.clientX - before.clientX, event.clientY - before.clientY)
      return
    }
    const box = this.root.getBoundingClientRect()
    const apart = (one: PointerEvent) =>
      Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1
    const middleX = (event.clientX + other.clientX) / 2 - box.left
    const middleY = (event.clientY + other.clientY) / 2 - box.top
    this.zoom(apart(event) / apart(before), middleX, middleY)
  }
}

/** Limits the centre of a viewport that shows `shown` of `whole`. */
const within = (wanted: number, whole: number, shown: number) =>
  shown >= whole ? whole / 2 : Math.min(whole - shown / 2, Math.max(shown / 2, wanted))
