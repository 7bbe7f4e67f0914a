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
import { wholeNumber } from './query.ts'
import { trafficOperations } from './traffic.ts'

/**
 * The operations of the interface as data. Routes, docs/openapi.json and tests derive from this table;
 * handlers are registered by name. A further group of operations gets its own table and an entry in
 * `allOperations`.
 */
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
    summary: 'Every actor with its state, every worker with its health, limits and use.',
    needsToken: false,
    answer: overview,
  },
  listActors: {
    method: 'GET',
    path: '/api/actors',
    summary: 'Actors now, those that ended and are still remembered too; or as they were at a moment.',
    needsToken: false,
    query: z.strictObject({ seq: wholeNumber('The moment: after the move of this number.').optional() }),
    answer: actors,
  },
  getActor: {
    method: 'GET',
    path: '/api/actors/{id}',
    summary: 'One actor with a digest of its context, its pending timers and what could happen next.',
    needsToken: false,
    answer: actorDetail,
  },
  getHistory: {
    method: 'GET',
    path: '/api/actors/{id}/history',
    summary: 'Moves of an actor, also of one that has ended.',
    needsToken: false,
    query: z.strictObject({
      after: wholeNumber('Only moves after this number.').default(0),
      limit: wholeNumber('So many at most.', { max: 1000 }).default(1000),
    }),
    answer: history,
  },
  getEvents: {
    method: 'GET',
    path: '/api/events',
    summary:
      'Server-sent events: `reset` first or when the place is lost, then `move`, `actor`, `sample`. Resumes by Last-Event-ID.',
    needsToken: false,
    query: z.strictObject({
      last_event_id: z
        .string()
        .max(64)
        .meta({ description: 'As the header, for the first request.' })
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
    summary: 'The charts that can be drawn.',
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
    summary: 'Its instances finish what runs and end; nothing is accepted until it is restarted.',
    needsToken: true,
    answer: actionDone,
  },
  recycleWorker: {
    method: 'POST',
    path: '/api/workers/{name}/recycle',
    summary: 'Each instance is replaced by a successor that starts first; no connection is lost.',
    needsToken: true,
    answer: actionDone,
  },
  changeLimits: {
    method: 'PATCH',
    path: '/limits/{name}',
    summary: 'Changes limits of a worker; they hold until the daemon ends, also for later instances.',
    needsToken: true,
    body: changeSchema,
    answer: limitsChanged,
  },
  openSession: {
    method: 'POST',
    path: '/api/session',
    summary: 'Lets a browser read for 12 hours by a cookie, where reading needs the token.',
    needsToken: true,
    answer: session,
  },
  restartWorker: {
    method: 'POST',
    path: '/api/workers/{name}/restart',
    summary: 'Instances are ended now and started anew; also brings a drained or failed worker back.',
    needsToken: true,
    answer: actionDone,
  },
} as const satisfies Readonly<Record<string, Operation>>

/** Every operation by id. */
export const allOperations: Readonly<Record<string, Operation>> = { ...coreOperations, ...trafficOperations }
