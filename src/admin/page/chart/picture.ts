import { Drawing } from './draw.ts'
import { litStates } from './lit.ts'
import type { ChartFile } from './model.ts'

/** A chart at a moment as an SVG file that stands alone: with the colours of this page, without anything from elsewhere. */
export async function pictureOf(file: ChartFile, state: string, edges: readonly string[]): Promise<string> {
  const drawing = new Drawing(file)
  drawing.light(litStates(file, state))
  drawing.showLast(edges)
  const { w, h } = file.layout
  drawing.svg.setAttribute('width', String(w))
  drawing.svg.setAttribute('height', String(h))
  const sheet = await (await fetch('/page/chart.css')).text()
  const colours = getComputedStyle(document.documentElement)
  const plain = sheet.replaceAll(/var\((--[\w-]+)\)/g, (_, name: string) =>
    colourOf(colours.getPropertyValue(name)),
  )
  const text = new XMLSerializer().serializeToString(drawing.svg)
  // Put in as text: as an element of this page the policy would forbid it.
  return text.replace(/^<svg[^>]*>/, (open) => `${open}<style>${plain.replaceAll('<', '')}</style>`)
}

/** `light-dark(a, b)` as the one that is seen now. */
function colourOf(value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value.trim()
  if (probe.style.color === '') return value.trim()
  document.body.append(probe)
  const seen = getComputedStyle(probe).color
  probe.remove()
  return seen
}
