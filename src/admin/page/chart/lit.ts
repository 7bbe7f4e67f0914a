/** Finds the active states of a chart. */
import type { ChartFile } from './model.ts'
import { nodesById } from './rows.ts'

/**
 * The active states for a state text (`running.alive`; parallel regions separated by spaces): the root and
 * each prefix. Unknown names are skipped, because the text may come from another version of the chart.
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
