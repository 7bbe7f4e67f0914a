/**
 * The operations of the interface as data. Routes, docs/openapi.json and tests derive from this table;
 * handlers are registered by name. A further group of operations gets its own table and an entry in
 * `allOperations`.
 */
import { z } from 'zod'
import { changeSchema } from '../../../config/limits-change.ts'
import {
  actionDone,
  actorDetail,
  actors,
  chartFile,
  chartList,
  history,
  limitsChanged,
  overview,
  session,
} from '../schema/schema.ts'
import { queryNumber } from './query.ts'
import { trafficOperations } from './traffic.ts'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** Path template; `{name}` stands for one decoded segment: `/api/actors/{id}`. */
  readonly path: string
  readonly summary: string
  /** True if the request must carry the admin token. */
  readonly needsToken: boolean
  /** Parses and validates the query; unknown parameters are rejected. */
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Schema of the 200 answer; `stream` means server-sent events. */
  readonly answer: z.ZodType | 'stream'
}

export const coreOperations = {
  getOverview: {
    method: 'GET',
    path: '/api/overview',
    summary: 'All actors with their states; all workers with their health, limits and usage.',
    needsToken: false,
    answer: overview,
  },
  listActors: {
    method: 'GET',
    path: '/api/actors',
    summary: 'Actors, including remembered ones that ended; now or at an earlier moment.',
    needsToken: false,
    query: z.strictObject({ seq: queryNumber('The moment after the move with this number.').optional() }),
    answer: actors,
  },
  getActor: {
    method: 'GET',
    path: '/api/actors/{id}',
    summary: 'One actor with a digest of its context, its pending timers and its possible next events.',
    needsToken: false,
    answer: actorDetail,
  },
  getHistory: {
    method: 'GET',
    path: '/api/actors/{id}/history',
    summary: 'Moves of an actor, even if it has ended.',
    needsToken: false,
    query: z.strictObject({
      after: queryNumber('Only moves after this number.').default(0),
      limit: queryNumber('Maximum number of moves.', { max: 1000 }).default(1000),
    }),
    answer: history,
  },
  getEvents: {
    method: 'GET',
    path: '/api/events',
    summary:
      'Server-sent events: `reset` first and after a gap, then `move`, `actor`, `sample`. Resumes by Last-Event-ID.',
    needsToken: false,
    query: z.strictObject({
      last_event_id: z
        .string()
        .max(64)
        .meta({ description: 'Like the header, for the first request.' })
        .optional(),
    }),
    answer: 'stream',
  },
  getInspection: {
    method: 'GET',
    path: '/api/inspect',
    summary:
      "Server-sent events in the shape of Stately's inspection: @xstate.actor, @xstate.event, @xstate.microstep, @xstate.snapshot.",
    needsToken: false,
    answer: 'stream',
  },
  listCharts: {
    method: 'GET',
    path: '/api/charts',
    summary: 'All charts.',
    needsToken: false,
    answer: chartList,
  },
  getChart: {
    method: 'GET',
    path: '/api/charts/{name}',
    summary: 'A chart and its layout, as made by `npm run charts`.',
    needsToken: false,
    answer: chartFile,
  },
  drainWorker: {
    method: 'POST',
    path: '/api/workers/{name}/drain',
    summary:
      'Drains a worker: its instances finish running exchanges and end. It accepts nothing until it is restarted.',
    needsToken: true,
    answer: actionDone,
  },
  recycleWorker: {
    method: 'POST',
    path: '/api/workers/{name}/recycle',
    summary: 'Replaces each instance by a successor that starts first; no connection is lost.',
    needsToken: true,
    answer: actionDone,
  },
  changeLimits: {
    method: 'PATCH',
    path: '/limits/{name}',
    summary: 'Changes limits of a worker until the daemon ends, including those of later instances.',
    needsToken: true,
    body: changeSchema,
    answer: limitsChanged,
  },
  openSession: {
    method: 'POST',
    path: '/api/session',
    summary: 'Sets a cookie that lets a browser read for 12 hours, if reading needs the token.',
    needsToken: true,
    answer: session,
  },
  restartWorker: {
    method: 'POST',
    path: '/api/workers/{name}/restart',
    summary: 'Ends the instances now and starts new ones; also restarts a drained or failed worker.',
    needsToken: true,
    answer: actionDone,
  },
} as const satisfies Readonly<Record<string, Operation>>

/** Every operation by id. */
export const allOperations: Readonly<Record<string, Operation>> = { ...coreOperations, ...trafficOperations }
