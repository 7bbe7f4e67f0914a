/** Maps the daemon's state to the answers of the interface. */
import type { z } from 'zod'
import { workerOf } from '../../../actors/ids.ts'
import type { ActorView, Entry, History, Move, Presence } from '../../supervise/journal/journal.ts'
import type { LiveCharts } from '../../supervise/views/live-charts.ts'
import type { Overview } from '../../supervise/views/overview.ts'
import type { actor, history, live, move, overview, presence, sample } from './schema/schema.ts'

export type ActorAnswer = z.output<typeof actor>
type KnownLive = NonNullable<Awaited<ReturnType<LiveCharts['of']>>>
type MoveAnswer = z.output<typeof move>

export function actorAnswer({ id, chart, parent, state, since, cause, gone }: ActorView): ActorAnswer {
  return { id, chart, parent, worker: workerOf(id), state, since, cause, gone }
}

function moveAnswer(one: Move): MoveAnswer {
  const { seq, at, actor: id, chart, event, sender, from, to, edges, isIgnored, diff, skipped } = one
  const changed =
    diff === null ? null : Object.fromEntries(Object.entries(diff).map(([k, [a, b]]) => [k, [a, b]]))
  return {
    seq,
    at,
    actor: id,
    chart,
    event,
    sender,
    from,
    to,
    edges: [...edges],
    ignored: isIgnored,
    diff: changed as MoveAnswer['diff'],
    skipped,
  }
}

export function liveAnswer({ timers, next }: KnownLive): z.output<typeof live> {
  return {
    timers: timers.map((timer) => ({ ...timer })),
    next: next.map((one) => ({ ...one, targets: [...one.targets] })),
  }
}

export function historyAnswer({ actor: view, moves, isComplete, next }: History): z.output<typeof history> {
  return { actor: actorAnswer(view), moves: moves.map(moveAnswer), complete: isComplete, next }
}

function presenceAnswer({ seq, at, what, actor: view }: Presence): z.output<typeof presence> {
  return { seq, at, what, actor: actorAnswer(view) }
}

export function overviewAnswer(
  known: Overview,
  actors: readonly ActorView[],
  seq: number,
  at: number,
): z.output<typeof overview> {
  return { at, seq, actors: actors.map(actorAnswer), workers: [...known.workers()] }
}

export function sampleAnswer(known: Overview, at: number): z.output<typeof sample> {
  return { at, workers: [...known.workers()], instances: [...known.instances()] }
}

/** Event name and data of the frame for a journal entry. */
export function entryFrame(entry: Entry): readonly ['move' | 'actor', object] {
  return entry.what === 'move' ? ['move', moveAnswer(entry)] : ['actor', presenceAnswer(entry)]
}
