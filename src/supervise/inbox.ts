/** Passes messages of instances on to the part of main that handles them. */

import { listenerId, workerOfListener } from '../../actors/ids.ts'
import type { Log } from '../telemetry/log/log.ts'
import type { ExportSpans } from '../telemetry/trace/span-record.ts'
import type { Channels } from './channel/carrier.ts'
import type { FromInstance } from './channel/channel.ts'
import type { Exporting } from './exporting.ts'
import { recordMoves } from './journal/instance-moves.ts'
import type { Journal } from './journal/journal.ts'
import type { Listeners } from './listeners/listeners.ts'
import type { UnixPaths } from './listeners/unix-path.ts'
import type { MainActors } from './main-actors.ts'
import type { LiveCharts } from './views/live-charts.ts'
import type { TrafficDesk } from './views/traffic-desk.ts'

export interface InboxParts {
  readonly actors: MainActors
  readonly channels: Channels
  readonly listeners: Listeners
  readonly unix: UnixPaths
  readonly journal: Journal
  readonly liveCharts: LiveCharts
  readonly desk: TrafficDesk
  readonly exporting: Exporting
  readonly exportSpans: ExportSpans | undefined
  readonly log: Log
}

export function createInbox(parts: InboxParts): (id: string, message: FromInstance) => void {
  const { actors, listeners, journal, liveCharts, desk, exporting, log } = parts
  return (id, message) => {
    switch (message.type) {
      case 'listener.returned':
        listeners.adopt(message.key, message.server)
        actors.tell(listenerId(message.key), { type: 'listener.returned', instance: id })
        return
      case 'listener.opened':
        openedUnix(parts, id, message)
        return
      case 'charts.moved':
        recordMoves(journal, id, message.moves)
        return
      case 'chart.answer':
        liveCharts.answered(message.ask, message.live)
        return
      case 'answer':
      case 'failures':
        desk.heard(id, message)
        return
      case 'spans':
        exporting.take(message)
        parts.exportSpans?.(message.spans)
        return
      case 'exchanges':
        exporting.take(message)
        return
      case 'log':
        log(message.level, message.message, { instance: id, ...message.fields })
        return
      default:
      // Reports on the state of the instance go to its chart.
    }
  }
}

function openedUnix(
  { unix, channels }: InboxParts,
  id: string,
  { key, inode }: Extract<FromInstance, { type: 'listener.opened' }>,
): void {
  unix.opened(key, inode)
  // The previous owner of the path would keep a socket that no client can find.
  for (const channel of channels.of(workerOfListener(key)))
    if (channel.id !== id) channel.post({ type: 'listener.recall', key })
}
