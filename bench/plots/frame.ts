/** The frame of a plot: background, title, axes with titles and ticks, legend. */
import { type Scale, tickText } from './scale.ts'

export interface Axis {
  /** With its unit. */
  readonly title: string
  readonly scale: Scale
  /** Names instead of numbers. */
  readonly names?: readonly string[]
}

export const area = { left: 74, top: 52, width: 500, height: 270 } as const
const size = { width: 720, height: 390 } as const

/** The plot has its own background, so it is readable where the page has another scheme than the system. */
const style = `
  svg { font: 13px system-ui, sans-serif; }
  .ground { fill: #ffffff; } .text { fill: #24292f; } .grid { stroke: #d8dee4; } .axis { stroke: #57606a; }
  .s0 { --c: #0550ae; } .s1 { --c: #bc4c00; } .s2 { --c: #1a7f37; } .s3 { --c: #8250df; } .s4 { --c: #57606a; }
  .line { fill: none; stroke: var(--c); stroke-width: 2; } .mark { fill: var(--c); } .limit { stroke: #cf222e; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .text { fill: #e6edf3; } .grid { stroke: #30363d; } .axis { stroke: #8d96a0; }
    .s0 { --c: #6cb6ff; } .s1 { --c: #f0883e; } .s2 { --c: #57ab5a; } .s3 { --c: #b083f0; } .s4 { --c: #adbac7; }
    .limit { stroke: #ff7b72; }
  }
`

export const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** One decimal, so that files are small and differ only where values do. */
export const px = (value: number) => String(Math.round(value * 10) / 10)
export const xOf = (position: number) => area.left + position * area.width
export const yOf = (position: number) => area.top + (1 - position) * area.height

export const text = (x: number, y: number, content: string, more = '') =>
  `<text class="text" x="${px(x)}" y="${px(y)}" ${more}>${escapeText(content)}</text>`

export interface Framed {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly legend: readonly string[]
  /** SVG elements inside the area. */
  readonly content: readonly string[]
}

export function frame({ title, x, y, legend, content }: Framed): string {
  const bottom = area.top + area.height
  const middleY = area.top + area.height / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${size.width}" height="${size.height}" rx="6"/>`,
    text(area.left, 28, title, 'font-weight="600" font-size="15"'),
    ...y.scale.ticks.flatMap((tick) => horizontal(y, tick)),
    ...x.scale.ticks.map((tick, n) =>
      text(xOf(x.scale.at(tick)), bottom + 20, x.names?.[n] ?? tickText(tick), 'text-anchor="middle"'),
    ),
    `<path class="axis" fill="none" d="M${area.left} ${area.top}V${bottom}H${area.left + area.width}"/>`,
    text(area.left + area.width / 2, bottom + 46, x.title, 'text-anchor="middle"'),
    text(20, middleY, y.title, `text-anchor="middle" transform="rotate(-90 20 ${px(middleY)})"`),
    ...content,
    ...legend.flatMap((name, n) => entry(name, n)),
    '</svg>\n',
  ].join('\n')
}

function horizontal(y: Axis, tick: number): string[] {
  const at = yOf(y.scale.at(tick))
  return [
    `<path class="grid" d="M${area.left} ${px(at)}H${area.left + area.width}"/>`,
    text(area.left - 8, at + 4, tickText(tick), 'text-anchor="end"'),
  ]
}

function entry(name: string, n: number): string[] {
  const [x, y] = [area.left + area.width + 16, area.top + 10 + n * 22]
  return [`<g class="s${n % 5}">${markAt(x + 6, y, n)}</g>`, text(x + 20, y + 4, name)]
}

/** Shapes differ too, for readers who cannot tell the colours apart. */
export function markAt(x: number, y: number, n: number): string {
  switch (n % 5) {
    case 0:
      return `<circle class="mark" cx="${px(x)}" cy="${px(y)}" r="4"/>`
    case 1:
      return `<rect class="mark" x="${px(x - 4)}" y="${px(y - 4)}" width="8" height="8"/>`
    case 2:
      return `<path class="mark" d="M${px(x)} ${px(y - 5)}l5 9h-10z"/>`
    case 3:
      return `<path class="mark" d="M${px(x)} ${px(y - 6)}l6 6l-6 6l-6 -6z"/>`
    default:
      return `<path class="mark" d="M${px(x)} ${px(y + 5)}l5 -9h-10z"/>`
  }
}
