/** The charts view. */
import { ChartWall } from '../actors/chart-wall.ts'
import { OneChart } from '../actors/one-chart.ts'
import type { Opened, View } from '../shell/view.ts'

/** `#/charts` shows every chart; `#/charts/ACTOR` shows one with its details. */
export const chartsView: View = {
  name: 'charts',
  title: 'Charts',
  open(root, page) {
    let shown: { readonly id: string | null; readonly part: Pick<Opened, 'close'> } | null = null
    return {
      show({ parts: [id = null] }) {
        if (shown !== null && shown.id === id) return
        shown?.part.close()
        root.replaceChildren()
        shown = { id, part: id === null ? new ChartWall(root, page) : new OneChart(root, page, id) }
      },
      close() {
        shown?.part.close()
      },
    }
  },
}
