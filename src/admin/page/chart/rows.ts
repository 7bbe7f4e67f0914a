/** The texts of a chart and their sizes, shared by the layout, the drawing and the text view. */
import type { Chart, ChartEdge, ChartNode } from './model.ts'

const charWidth = 6.6
/** Names use a larger proportional font; this is the width of its widest letter. */
const nameCharWidth = 9
export const titleHeight = 24
export const rowHeight = 16
export const labelHeight = 16

export interface Row {
  readonly text: string
  readonly kind: 'entry' | 'exit' | 'invoke' | 'event'
  /** Id of the transition this row stands for. */
  readonly edge?: string
}

/** The rows inside a state, below its name. */
export function rowsOf(node: ChartNode, edges: readonly ChartEdge[]): readonly Row[] {
  return [
    ...node.invoke.map((text): Row => ({ text: `runs ${text}`, kind: 'invoke' })),
    ...node.entry.map((text): Row => ({ text: `entry / ${text}`, kind: 'entry' })),
    ...node.exit.map((text): Row => ({ text: `exit / ${text}`, kind: 'exit' })),
    ...edges
      .filter((edge) => edge.internal && edge.source === node.id)
      .map((edge): Row => ({ text: edgeText(edge), kind: 'event', edge: edge.id })),
  ]
}

/** Formats a transition as `event [guard] / action, action`. */
export function edgeText({ label, actions, internal }: ChartEdge): string {
  if (actions.length > 0) return `${label} / ${actions.join(', ')}`
  return internal ? `${label} / –` : label
}

/** The lines of an arrow's label: its trigger, then its actions. */
export function labelLines({ label, actions }: ChartEdge): readonly string[] {
  return actions.length === 0 ? [label] : [label, `/ ${actions.join(', ')}`]
}

/** True if a timer fires this transition. Its countdown (` 3.2 s`, ` 12:30`) appears beside the label. */
export const isTimed = ({ event }: ChartEdge): boolean => event.startsWith('xstate.after.')
const countdown = '  00:00'

export function labelWidth(edge: ChartEdge): number {
  const [first = '', ...others] = labelLines(edge)
  return Math.max(...[isTimed(edge) ? first + countdown : first, ...others].map(widthOf)) + 8
}

export const widthOf = (text: string): number => Math.ceil(text.length * charWidth)

export function headerHeight(node: ChartNode, edges: readonly ChartEdge[]): number {
  const rows = rowsOf(node, edges).length
  return titleHeight + rows * rowHeight + (rows > 0 ? 6 : 0)
}

/** The width that a state's name and all its rows need. */
export function ownWidth(node: ChartNode, edges: readonly ChartEdge[]): number {
  const rows = rowsOf(node, edges).map(({ text }) => widthOf(text))
  return Math.max(96, node.key.length * nameCharWidth + 24, ...rows.map((width) => width + 24))
}

export function everyNode(node: ChartNode): readonly ChartNode[] {
  return [node, ...node.children.flatMap(everyNode)]
}

export function nodesById({ root }: Chart): ReadonlyMap<string, ChartNode> {
  return new Map(everyNode(root).map((node) => [node.id, node]))
}
