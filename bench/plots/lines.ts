/** A plot of lines with a mark at each point. */
import { type Axis, frame, markAt, px, xOf, yOf } from './frame.ts'

export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface LinePlot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
}

export function linePlot({ title, x, y, lines }: LinePlot): string {
  const content = lines.map(({ points }, n) => {
    const at = points.map(([px, py]) => [xOf(x.scale.at(px)), yOf(y.scale.at(py))] as const)
    const path = at.map(([left, top], index) => `${index === 0 ? 'M' : 'L'}${px(left)} ${px(top)}`).join('')
    const marks = at.map(([left, top]) => markAt(left, top, n)).join('')
    return `<g class="s${n % 5}"><path class="line" d="${path}"/>${marks}</g>`
  })
  return frame({ title, x, y, legend: lines.map(({ name }) => name), content })
}
