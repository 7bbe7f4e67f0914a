/** The history view. */
import { HistoryBench } from '../history/history-bench.ts'
import type { View } from '../shell/view.ts'

/**
 * `#/history` shows all actors, `#/history/ACTOR` one. `?seq=N` selects a moment; without it the view follows
 * the latest. `?file=PATH` replays an exported file from this server.
 */
export const historyView: View = {
  name: 'history',
  title: 'History',
  open(root, page) {
    const bench = new HistoryBench(root, page)
    return {
      show({ parts: [actor = ''], query }) {
        bench.show(actor, query)
      },
      close: () => bench.close(),
    }
  },
}
