/** Handlers of the operations in operations.ts. */
import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Journal } from '../../supervise/journal/journal.ts'
import type { LiveCharts } from '../../supervise/views/live-charts.ts'
import type { Overview } from '../../supervise/views/overview.ts'
import type { WorkerAction, WorkerControl } from '../../supervise/worker-control.ts'
import { type Answer, json, kept } from '../answer.ts'
import type { ApiRequest, Handler } from '../router.ts'
import { actorAnswer, historyAnswer, liveAnswer, overviewAnswer } from './answers.ts'
import type { ChartFiles } from './chart-files.ts'
import type { coreOperations } from './operations/operations.ts'
import type { actionDone, actorDetail, actors, chartList } from './schema/schema.ts'

export interface CoreParts {
  readonly journal: Journal
  readonly overview: Overview
  readonly liveCharts: LiveCharts
  readonly control: WorkerControl
  readonly charts: ChartFiles
  readonly events: Stream
  readonly inspection: Stream
  /** Returns a Set-Cookie value that lets the token's owner read; null if reading is open. */
  readonly openSession: () => string | null
  readonly now: () => number
}

interface Stream {
  open(res: ServerResponse, lastEventId: string | undefined): boolean
}

type Operations = typeof coreOperations
type Query<Id extends keyof Operations> = Operations[Id] extends {
  readonly query: infer Schema extends z.ZodType
}
  ? z.output<Schema>
  : never

const unknownActor = () => json(404, { error: 'there is no actor with this id' })

export function coreHandlers(
  parts: CoreParts,
): Readonly<Record<Exclude<keyof Operations, 'changeLimits'>, Handler>> {
  const { journal, overview, liveCharts, charts, events, inspection, now } = parts
  return {
    getOverview: () => json(200, overviewAnswer(overview, journal.actors(), journal.seq, now())),
    listActors({ query }) {
      const { seq } = query as Query<'listActors'>
      const views = seq === undefined ? [...journal.actors(), ...journal.ended()] : journal.at(seq)
      const answer: z.output<typeof actors> = {
        seq: seq ?? journal.seq,
        actors: views.map(actorAnswer),
      }
      return json(200, answer)
    },
    async getActor({ params }) {
      const id = params['id'] ?? ''
      const known = journal.view(id)
      if (known === null) return unknownActor()
      const asked = known.gone === null ? await liveCharts.of(id) : null
      const view = journal.view(id) ?? known
      const answer: z.output<typeof actorDetail> = {
        ...actorAnswer(view),
        seq: journal.history(id)?.moves.at(-1)?.seq ?? 0,
        context: { ...journal.digestOf(id), ...asked?.digest },
        live: asked === null ? null : liveAnswer(asked),
      }
      return json(200, answer)
    },
    getHistory({ params, query }) {
      const { after, limit } = query as Query<'getHistory'>
      const known = journal.history(params['id'] ?? '', after, limit)
      return known === null ? unknownActor() : json(200, historyAnswer(known))
    },
    getEvents({ query, lastEventId }) {
      const { last_event_id: first } = query as Query<'getEvents'>
      return { open: (res) => events.open(res, lastEventId ?? first) }
    },
    getInspection: () => ({ open: (res) => inspection.open(res, undefined) }),
    ...chartHandlers(charts, () => journal.actors()),
    openSession() {
      const cookie = parts.openSession()
      return json(200, { needed: cookie !== null }, cookie === null ? {} : { 'Set-Cookie': cookie })
    },
    drainWorker: (request) => act(parts.control, 'drain', request),
    recycleWorker: (request) => act(parts.control, 'recycle', request),
    restartWorker: (request) => act(parts.control, 'restart', request),
  }
}

/** `actors` are the running ones. */
export function chartHandlers(
  charts: ChartFiles,
  actors: () => readonly { readonly chart: string | null }[],
): Readonly<Record<'listCharts' | 'getChart', Handler>> {
  return {
    async listCharts() {
      const names = await charts.names()
      const alive = actors()
      const answer: z.output<typeof chartList> = {
        charts: names.map((name) => ({ name, actors: alive.filter(({ chart }) => chart === name).length })),
      }
      return json(200, answer)
    },
    async getChart({ params }) {
      const file = await charts.file(params['name'] ?? '')
      return file === null
        ? json(404, { error: 'there is no chart with this name' })
        : kept('application/json; charset=utf-8', file.text, file.tag)
    },
  }
}

function act(control: WorkerControl, action: WorkerAction, { params, by }: ApiRequest): Answer {
  const worker = params['name'] ?? ''
  const outcome = control.act(worker, action, by)
  if (outcome === null) return json(404, { error: `there is no worker ${worker}` })
  if ('refusedIn' in outcome) {
    const { refusedIn, reason } = outcome
    return json(409, { error: `${worker} is ${refusedIn} and cannot ${action}: ${reason}` })
  }
  const answer: z.output<typeof actionDone> = { worker, action, ...outcome }
  return json(200, answer)
}
