/** Exports a drawn chart as an SVG file. */
import { Drawing } from './draw.ts'
import { litStates } from './lit.ts'
import type { ChartFile } from './model.ts'

/** A chart at one moment as a self-contained SVG file in this page's colours. */
export async function pictureOf(file: ChartFile, state: string, edges: readonly string[]): Promise<string> {
  const drawing = new Drawing(file)
  drawing.light(litStates(file, state))
  drawing.showLast(edges)
  const { w, h } = file.layout
  drawing.svg.setAttribute('width', String(w))
  drawing.svg.setAttribute('height', String(h))
  const sheet = await (await fetch('/page/style/chart.css')).text()
  const colours = getComputedStyle(document.documentElement)
  const plain = sheet.replaceAll(/var\((--[\w-]+)\)/g, (_, name: string) =>
    colourOf(colours.getPropertyValue(name)),
  )
  const text = new XMLSerializer().serializeToString(drawing.svg)
  // Insert the style as text: the page's content security policy would block a style element created here.
  return text.replace(/^<svg[^>]*>/, (open) => `${open}<style>${plain.replaceAll('<', '')}</style>`)
}

/** Resolves `light-dark(a, b)` to the colour of the current theme. */
function colourOf(value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value.trim()
  if (probe.style.color === '') return value.trim()
  document.body.append(probe)
  const seen = getComputedStyle(probe).color
  probe.remove()
  return seen
}
