/** Turns layout lines (x, y, x, y, ...) into SVG paths. */
const radius = 7

interface Place {
  readonly x: number
  readonly y: number
}

function places(points: readonly number[]): readonly Place[] {
  const found: Place[] = []
  for (let at = 0; at + 1 < points.length; at += 2) found.push({ x: points[at] ?? 0, y: points[at + 1] ?? 0 })
  return found
}

const distance = (one: Place, other: Place) => Math.hypot(other.x - one.x, other.y - one.y)

/** The point at distance `length` from `from` towards `to`. */
function towards(from: Place, to: Place, length: number): Place {
  const whole = distance(from, to) || 1
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole }
}

const text = ({ x, y }: Place) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`

/** A polyline with rounded corners. */
export function rounded(points: readonly number[]): string {
  const line = places(points)
  const [first, ...rest] = line
  if (first === undefined) return ''
  const parts = [`M${text(first)}`]
  for (const [at, corner] of rest.entries()) {
    const before = line[at]
    const after = rest[at + 1]
    if (before === undefined || after === undefined) {
      parts.push(`L${text(corner)}`)
      continue
    }
    const cut = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2)
    parts.push(`L${text(towards(corner, before, cut))}Q${text(corner)} ${text(towards(corner, after, cut))}`)
  }
  return parts.join('')
}

/** The arrowhead at the end of a line. */
export function arrowHead(points: readonly number[]): string {
  const line = places(points)
  const tip = line.at(-1)
  const before = line.at(-2)
  if (tip === undefined || before === undefined) return ''
  const back = towards(tip, before, 8)
  const side = { x: (back.y - tip.y) / 2, y: (tip.x - back.x) / 2 }
  return [tip, { x: back.x + side.x, y: back.y + side.y }, { x: back.x - side.x, y: back.y - side.y }]
    .map(text)
    .join(' ')
}
