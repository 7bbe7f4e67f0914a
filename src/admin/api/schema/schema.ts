import { z } from 'zod'

/**
 * Schemas of the admin interface, each shape once. Handler types, docs/openapi.json and tests derive from
 * them. Times are milliseconds since 1970 (`at`, `since`); names are snake_case, as in the configuration.
 */
/** Upper bound: the largest time of a Date. */
const moment = z
  .number()
  .min(0)
  .max(8.64e15)
  .meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' })
const sequence = z.int().min(0).meta({
  description: 'Counts up by one with each move, arrival and departure; starts anew with the daemon.',
})
const share = z.number().min(0).meta({ description: 'A share: 1 is all.' })

const edgeId = z.string().meta({
  description: 'An arrow of a chart: `sourceId|eventType|index`; the event type of an `always` is empty.',
})

const actorId = z.string().meta({
  description:
    'Such as `daemon`, `supervisor:reverse_proxy`, `reverse_proxy#3`, `reverse_proxy#3/reverse`, `listener:reverse_proxy/0/0`.',
})

/** A context value that viewers may see. */
const shown = z.union([z.string(), z.number(), z.boolean(), z.null()])
const digest = z.record(z.string(), shown).meta({
  description: 'Chosen fields of the context of a chart; nothing that could be a secret is among them.',
})

const diff = z
  .record(z.string(), z.tuple([shown, shown]))
  .meta({ description: 'Fields of the digest that changed: before and after.' })

export const actor = z.object({
  id: actorId,
  chart: z
    .string()
    .nullable()
    .meta({ description: 'Id of its machine, as in /api/charts; null: none is known.' }),
  parent: actorId.nullable(),
  worker: z.string().nullable().meta({ description: 'The worker that it belongs to; null: to the daemon.' }),
  state: z.string().meta({
    description:
      '`running.alive`; regions of a parallel state are separated by spaces. The lit states of a chart are its root and each prefix.',
  }),
  since: moment,
  cause: z.string().meta({ description: 'Type of the event that led to the state.' }),
  gone: moment.nullable().meta({ description: 'When it ended; null while it lives.' }),
})

const limits = z.object({
  max_connections: z.int(),
  max_memory_mb: z.number(),
  max_cpu_percent: z.number(),
})

const use = z.object({
  connections: z.int(),
  memory_bytes: z.number(),
  cpu_percent: z.number().meta({ description: '100 is all CPU that is available to the daemon.' }),
  loop_utilization: share,
})

/** One service: a worker, or one of the types in a combined worker. */
export const worker = z.object({
  name: z.string().meta({ description: 'Of the service: `forward_proxy`, `reverse_proxy`, `static_files`.' }),
  worker: z
    .string()
    .meta({ description: 'What actions and limits are addressed to; `combined` where services share one.' }),
  type: z.enum(['forward', 'reverse', 'static']),
  proxy_type: z.string(),
  isolation: z.enum(['thread', 'process', 'shared']),
  instances: z.int(),
  health: z.enum(['Healthy', 'Warning', 'Critical']),
  reasons: z.array(z.string()),
  limits,
  use,
  requests_total: z.number(),
  requests_per_sec: z.number(),
  p50_ms: z.number().nullable().meta({
    description:
      'Of the latest ten seconds, or up to twenty while no stream of events is open; null when there were no requests.',
  }),
  p99_ms: z.number().nullable(),
  error_rate: share.meta({
    description: 'Requests of the last second that failed for another reason than their client, as a share.',
  }),
  restarts: z.int().meta({ description: 'Restarts after a crash, since the start of the daemon.' }),
})

export const overview = z.object({
  at: moment,
  seq: sequence,
  actors: z.array(actor),
  workers: z.array(worker),
})

export const actors = z.object({ seq: sequence, actors: z.array(actor) })

const timer = z.object({
  id: z.string().meta({ description: 'Such as `xstate.after.DRAIN_OVERDUE.instance.running.draining`.' }),
  event: z.string(),
  at: moment.meta({ description: 'When it is due.' }),
  ms: z.number().meta({ description: 'Its whole length in milliseconds.' }),
})

const nextTransition = z.object({
  event: z.string(),
  edge: edgeId,
  guard: z.string().nullable(),
  targets: z.array(z.string()).meta({ description: 'Ids of states; none: it stays.' }),
})

/** Live details of a running actor. */
export const live = z.object({
  timers: z.array(timer),
  next: z.array(nextTransition).meta({ description: 'What could happen now.' }),
})

export const actorDetail = actor.extend({
  seq: sequence.meta({ description: 'Of its latest move.' }),
  context: digest,
  live: live.nullable().meta({ description: 'Null: it has ended, or did not answer in time.' }),
})

export const move = z.object({
  seq: sequence,
  at: moment,
  actor: actorId,
  chart: z.string().nullable(),
  event: z.string(),
  sender: z
    .string()
    .nullable()
    .meta({ description: 'Id of the actor that sent it; null: from outside, or not known.' }),
  from: z.string().nullable().meta({ description: 'State before; null: it has just started.' }),
  to: z.string(),
  edges: z
    .array(edgeId)
    .meta({ description: 'Arrows that fired. None for the start, and for an event that nobody handled.' }),
  ignored: z.boolean().meta({ description: 'Nobody handled the event, or no guard let it pass.' }),
  diff: diff.nullable(),
  skipped: z
    .int()
    .meta({ description: 'Moves of the actor that were left out before it: too many came at once.' }),
})

export const history = z.object({
  actor,
  moves: z.array(move).meta({ description: 'Oldest first.' }),
  complete: z.boolean().meta({ description: 'False: older moves were there and are not kept any more.' }),
  next: sequence.nullable().meta({ description: '`after` for the rest; null: this is all.' }),
})

export const sample = z.object({
  at: moment,
  workers: z.array(worker),
  instances: z.array(
    z.object({
      instance: actorId,
      memory_bytes: z.number(),
      cpu_percent: z.number(),
      loop_utilization: share,
      loop_delay_p99_ms: z.number(),
    }),
  ),
})

export const presence = z.object({
  seq: sequence,
  at: moment,
  what: z.enum(['came', 'gone']),
  actor,
})

const reset = overview.extend({
  reason: z.enum(['first', 'lost', 'behind']).meta({
    description:
      'Why everything is told anew: a new viewer; its Last-Event-ID is too old or of another daemon; it reads too slowly.',
  }),
})

/**
 * Events of /api/events by name. `sample` and `limits` have no id; events with an id are replayed after a
 * reconnect.
 */
export const streamEvents = { move, sample, actor: presence, reset } as const

export const chartList = z.object({
  charts: z.array(z.object({ name: z.string(), actors: z.int().meta({ description: 'That live now.' }) })),
})

/** The file `npm run charts` writes for one machine. */
export const chartFile = z.object({ chart: z.unknown(), layout: z.unknown() })

export const actionDone = z.object({
  worker: z.string(),
  action: z.enum(['drain', 'recycle', 'restart']),
  event: z.string().meta({ description: 'What the supervisor was sent.' }),
  state: z.string().meta({ description: 'State of the supervisor after it.' }),
})

export const limitsChanged = z.object({
  worker: z.string(),
  changed: z.array(z.object({ limit: z.string(), from: z.number(), to: z.number() })),
})

export const session = z.object({
  needed: z.boolean().meta({ description: 'False: reading needs no token here, and there is no cookie.' }),
})

export const failure = z.object({ error: z.string() })

/** The history file that the page exports and `bifrost charts view` opens. */
export const historyFile = z.object({
  format: z.literal('bifrost-history'),
  version: z.literal(1),
  exported: moment,
  actors: z.array(actor),
  moves: z.array(move),
})
