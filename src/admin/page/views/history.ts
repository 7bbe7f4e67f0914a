import { HistoryBench } from '../parts/history-bench.ts'
import type { View } from './view.ts'

/**
 * What happened: `#/history` of all actors, `#/history/ACTOR` of one, `?seq=N` at a moment; without it the latest is
 * shown, and followed. `?file=PATH` replays an exported file that the server of this page has.
 */
export const history: View = {
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
