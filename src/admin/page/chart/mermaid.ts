/** Exports a chart as Mermaid text. */
import type { Chart, ChartNode } from './model.ts'

/** Mermaid ids may contain word characters only; the visible name is given separately. */
const word = (id: string) => id.replaceAll(/\W/g, '_')
const plain = (text: string) => text.replaceAll(/[;:#\n]/g, ' ').trim()

function stateLines(node: ChartNode, depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  const name = `state "${node.key.replaceAll('"', "'")}" as ${word(node.id)}`
  if (node.children.length === 0) return [`${indent}${name}`]
  const initial = node.initial === undefined ? [] : [`${indent}  [*] --> ${word(node.initial)}`]
  return [
    `${indent}${name} {`,
    ...initial,
    ...node.children.flatMap((child, at) => [
      ...(node.type === 'parallel' && at > 0 ? [`${indent}  --`] : []),
      ...stateLines(child, depth + 1),
    ]),
    `${indent}}`,
  ]
}

const leaves = (node: ChartNode): readonly ChartNode[] =>
  node.children.length === 0 ? [node] : node.children.flatMap(leaves)

/** A chart as a Mermaid state diagram, with the states of `lit` marked. */
export function mermaidOf(chart: Chart, lit: ReadonlySet<string>): string {
  const { root, edges } = chart
  const tops = root.children.flatMap((child) => stateLines(child, 1))
  const start = root.initial === undefined ? [] : [`  [*] --> ${word(root.initial)}`]
  const arrows = edges
    .filter(({ internal, source }) => !internal && source !== root.id)
    .map(({ source, target, label }) => `  ${word(source)} --> ${word(target)} : ${plain(label)}`)
  // Mermaid has no node for the chart itself, so an arrow that leaves it is drawn from each top-level state.
  const fromRoot = edges
    .filter(({ internal, source }) => !internal && source === root.id)
    .flatMap(({ target, label }) =>
      root.children
        .filter(({ id, type }) => type !== 'final' && id !== target && !target.startsWith(`${id}.`))
        .map(({ id }) => `  ${word(id)} --> ${word(target)} : ${plain(label)}`),
    )
  const ends = leaves(root)
    .filter(({ type }) => type === 'final')
    .map(({ id }) => `  ${word(id)} --> [*]`)
  // Mermaid cannot style composite states, so only leaves are marked.
  const marked = leaves(root).filter(({ id }) => lit.has(id))
  const marks = marked.length === 0 ? [] : [`  class ${marked.map(({ id }) => word(id)).join(',')} on`]
  return [
    'stateDiagram-v2',
    '  classDef on fill:#dbe7ff,stroke:#2457c5,stroke-width:2px',
    ...start,
    ...tops,
    ...arrows,
    ...fromRoot,
    ...ends,
    ...marks,
    '',
  ].join('\n')
}
