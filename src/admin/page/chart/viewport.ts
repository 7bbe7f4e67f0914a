import { button, h } from '../dom.ts'
import type { Drawing } from './draw.ts'

const smallest = 0.15
const largest = 4
/** Below this nothing can be read, so that a part in a readable size is shown at first. */
const readable = 0.62
const step = 1.25

/** A window on a drawing: zoom (wheel, pinch, `+`, `-`), pan (drag, arrow keys), fit (`0`). */
export class Viewport {
  readonly root: HTMLElement
  readonly tools: HTMLElement
  readonly #drawing: Drawing
  readonly #resize: ResizeObserver
  /** Pixels for a unit of the drawing; null: as much as is good to read. */
  #scale: number | 'fit' | 'auto' = 'auto'
  #x = 0
  #y = 0
  readonly #pointers = new Map<number, PointerEvent>()

  constructor(drawing: Drawing) {
    this.#drawing = drawing
    this.root = h('div', {
      class: 'viewport',
      tabindex: 0,
      role: 'group',
      'aria-label': 'Diagram. Plus and minus zoom, the arrow keys move, zero shows all of it.',
    })
    this.root.append(drawing.svg)
    this.tools = h(
      'div',
      { class: 'tools segmented', role: 'group', 'aria-label': 'Zoom' },
      button('−', () => this.zoom(1 / step), { label: 'Zoom out' }),
      button('+', () => this.zoom(step), { label: 'Zoom in' }),
      button('Fit', () => this.fit(), { label: 'Fit the whole chart' }),
    )
    this.#listen()
    this.#resize = new ResizeObserver(() => this.#apply())
    this.#resize.observe(this.root)
  }

  close(): void {
    this.#resize.disconnect()
  }

  fit(): void {
    this.#scale = 'fit'
    this.#apply()
  }

  /** Around a place of the window, its middle by default. */
  zoom(factor: number, atX = this.root.clientWidth / 2, atY = this.root.clientHeight / 2): void {
    const before = this.#effective()
    const scale = Math.min(largest, Math.max(smallest, before * factor))
    const fromMiddleX = atX - this.root.clientWidth / 2
    const fromMiddleY = atY - this.root.clientHeight / 2
    this.#freeze()
    this.#x += fromMiddleX / before - fromMiddleX / scale
    this.#y += fromMiddleY / before - fromMiddleY / scale
    this.#scale = scale
    this.#apply()
  }

  pan(dx: number, dy: number): void {
    const scale = this.#effective()
    this.#freeze()
    this.#scale = scale
    this.#x -= dx / scale
    this.#y -= dy / scale
    this.#apply()
  }

  /** What is lit comes into sight, unless the viewer has chosen another place. */
  follow(): void {
    if (this.#scale === 'auto') this.#apply()
  }

  #fitScale(): number {
    const { w, h: height } = this.#drawing.file.layout
    return Math.min(this.root.clientWidth / w, this.root.clientHeight / height, 1.3) || 1
  }

  #effective(): number {
    if (this.#scale === 'fit') return this.#fitScale()
    return this.#scale === 'auto' ? Math.max(this.#fitScale(), readable) : this.#scale
  }

  /** From here on the place is the viewer's. */
  #freeze(): void {
    if (typeof this.#scale === 'number') return
    const [x, y] = this.#place()
    this.#x = x
    this.#y = y
  }

  #place(): readonly [number, number] {
    const { w, h: height } = this.#drawing.file.layout
    if (typeof this.#scale === 'number') return [this.#x, this.#y]
    if (this.#scale === 'fit') return [w / 2, height / 2]
    const scale = this.#effective()
    const [x, y] = this.#drawing.litPlace()
    return [
      this.#within(x, w, this.root.clientWidth / scale),
      this.#within(y, height, this.root.clientHeight / scale),
    ]
  }

  /** The middle of a window that shows nothing beyond the drawing. */
  #within(wanted: number, whole: number, shown: number): number {
    return shown >= whole ? whole / 2 : Math.min(whole - shown / 2, Math.max(shown / 2, wanted))
  }

  #apply(): void {
    const { clientWidth, clientHeight } = this.root
    if (clientWidth === 0 || clientHeight === 0) return
    const scale = this.#effective()
    const [x, y] = this.#place()
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
      const keys: Readonly<Record<string, () => void>> = {
        '+': () => this.zoom(step),
        '=': () => this.zoom(step),
        '-': () => this.zoom(1 / step),
        '0': () => this.fit(),
        ArrowLeft: () => this.pan(60, 0),
        ArrowRight: () => this.pan(-60, 0),
        ArrowUp: () => this.pan(0, 60),
        ArrowDown: () => this.pan(0, -60),
      }
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
      if (act === undefined) return
      event.preventDefault()
      act()
    })
    const zoomByWheel = (event: WheelEvent) => {
      event.preventDefault()
      const box = root.getBoundingClientRect()
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top)
    }
    root.addEventListener('wheel', zoomByWheel, { passive: false })
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
