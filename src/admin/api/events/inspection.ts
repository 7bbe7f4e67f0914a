/**
 * Formats entries as Stately's inspection protocol (@statelyai/inspect), so that other tools can attach.
 * Actor ids serve as session ids. A snapshot contains the context's digest instead of the context.
 */
import type { ActorView, Entry, Move } from '../../../supervise/journal/journal.ts'
import { frame } from './event-stream.ts'

const version = '0.7.2'

/**
 * Converts a state text to XState's value: `running.alive` -> `{ running: 'alive' }`, `accepting` ->
 * `'accepting'`.
 */
function stateValue(state: string): unknown {
  const regions = state.split(' ').map((path) => path.split('.'))
  const [first = []] = regions
  if (regions.length === 1) return nested(first)
  return Object.fromEntries(
    regions.map(([name = '', ...rest]) => [name, rest.length === 0 ? {} : nested(rest)]),
  )
}

function nested([name = '', ...rest]: readonly string[]): unknown {
  return rest.length === 0 ? name : { [name]: nested(rest) }
}

const common = (id: string, at: number) => ({
  _version: version,
  sessionId: id,
  rootId: 'daemon',
  createdAt: String(at),
})

const snapshotOf = (state: string, isActive: boolean) => ({
  status: isActive ? 'active' : 'done',
  value: stateValue(state),
  context: {},
})

export function actorFrame(view: ActorView, at: number): string {
  const { id, chart, parent, state } = view
  return frame('@xstate.actor', {
    type: '@xstate.actor',
    ...common(id, at),
    name: id,
    chart,
    parentId: parent ?? undefined,
    snapshot: snapshotOf(state, true),
  })
}

export function inspectionFrames(entry: Entry): string {
  if (entry.what === 'move') return moveFrames(entry)
  return entry.what === 'came' ? actorFrame(entry.actor, entry.at) : endFrame(entry.actor, entry.at)
}

function endFrame({ id, state }: ActorView, at: number): string {
  return frame('@xstate.snapshot', {
    type: '@xstate.snapshot',
    ...common(id, at),
    event: { type: 'xstate.stop' },
    snapshot: snapshotOf(state, false),
  })
}

function moveFrames(move: Move): string {
  const { actor, at, event, sender, edges, to } = move
  const about = { ...common(actor, at), event: { type: event } }
  const snapshot = snapshotOf(to, true)
  return [
    frame('@xstate.event', { type: '@xstate.event', ...about, sourceId: sender ?? undefined }),
    frame('@xstate.microstep', {
      type: '@xstate.microstep',
      ...about,
      snapshot,
      _transitions: edges.map((edge) => ({ edge, eventType: edge.split('|')[1] ?? '' })),
    }),
    frame('@xstate.snapshot', { type: '@xstate.snapshot', ...about, snapshot }),
  ].join('')
}
