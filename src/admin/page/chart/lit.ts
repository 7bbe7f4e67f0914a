import type { ChartFile } from './model.ts'
import { nodesById } from './rows.ts'

/**
 * The states of a chart that are lit for a state text (`running.alive`; regions apart by spaces): its root and each
 * prefix. What the chart does not know is left out: it may be of another version.
 */
export function litStates(file: ChartFile, state: string): ReadonlySet<string> {
  const known = nodesById(file.chart)
  const root = file.chart.root.id
  const lit = new Set([root])
  for (const path of state.split(' ')) {
    let id = root
    for (const key of path.split('.')) {
      id = `${id}.${key}`
      if (known.has(id)) lit.add(id)
    }
  }
  return lit
}
