/** The toolbar of the history: live mode, links, export and import. */
import { button, h, setText } from '../elements/dom.ts'
import { chooseFile } from '../elements/download.ts'
import type { HistoryFile } from './replay.ts'

export interface HistoryActs {
  follow(): void
  copyLink(): void
  exportJson(): void
  exportMermaid(): void
  exportSvg(): void
  open(file: File): void
  leaveFile(): void
}

/** The toolbar of the history (export, import), with a banner while a file is replayed. */
export function historyBar(acts: HistoryActs) {
  const follow = button('Follow live', acts.follow, { class: 'follow' })
  const choose = async () => {
    const file = await chooseFile('.json,application/json')
    if (file !== null) acts.open(file)
  }
  const summary = h('span')
  const banner = h(
    'div',
    { class: 'banner', role: 'status' },
    summary,
    button('Back to the daemon', acts.leaveFile),
  )
  banner.hidden = true
  const root = h(
    'div',
    { class: 'history-bar' },
    follow,
    button('Link', acts.copyLink, { title: 'Copies a link to this moment' }),
    h(
      'div',
      { class: 'segmented', role: 'group', 'aria-label': 'Export' },
      button('JSON', acts.exportJson, { title: 'Exports these moves; the file can be imported again' }),
      button('Mermaid', acts.exportMermaid, { title: 'Exports the chart of this moment as Mermaid text' }),
      button('SVG', acts.exportSvg, { title: 'Exports the chart of this moment as a picture' }),
    ),
    button('Import …', () => void choose(), { title: 'Replays an exported file' }),
  )
  return {
    root,
    banner,
    show(file: HistoryFile | null, isFollowing: boolean) {
      follow.hidden = isFollowing || file !== null
      banner.hidden = file === null
      if (file === null) return
      const when = file.exported === 0 ? '' : `, exported ${new Date(file.exported).toLocaleString('en-GB')}`
      setText(summary, `Replay of a file: ${file.moves.length} moves of ${file.actors.length} actors${when}`)
    },
  }
}
