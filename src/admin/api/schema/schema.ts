/**
 * Schemas of the admin interface, each shape once. Handler types, docs/openapi.json and tests derive from
 * them. Times are milliseconds since 1970 (`at`, `since`); names are snake_case, as in the configuration.
 */
import { z } from 'zod'

/** Upper bound: the largest time of a Date. */
const moment = z
  .number()
  .min(0)
  .max(8.64e15)
  .meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' })
const sequence = z.int().min(0).meta({
  description: 'Increases by one with each move, arrival and departure; restarts with the daemon.',
})
const share = z.number().min(0).meta({ description: 'A share; 1 means all.' })

const edgeId = z.string().meta({
  description: 'An arrow of a chart: `sourceId|eventType|index`; the event type of an `always` is empty.',
})

const actorId = z.string().meta({
  description:
    'Id of an actor, such as `daemon`, `supervisor:reverse_proxy`, `reverse_proxy#3`, `reverse_proxy#3/reverse`, `listener:reverse_proxy/0/0`.',
})

/** A context value that viewers may see. */
const shown = z.union([z.string(), z.number(), z.boolean(), z.null()])
const digest = z.record(z.string(), shown).meta({
  description: 'Selected fields of the context of a chart, without secrets.',
})

const diff = z
  .record(z.string(), z.tuple([shown, shown]))
  .meta({ description: 'Changed fields of the digest: before and after.' })

export const actor = z.object({
  id: actorId,
  chart: z
    .string()
    .nullable()
    .meta({ description: 'Id of its machine, as in /api/charts; null if unknown.' }),
  parent: actorId.nullable(),
  worker: z.string().nullable().meta({ description: 'Its worker; null if it belongs to the daemon.' }),
  state: z.string().meta({
    description:
      '`running.alive`; regions of a parallel state are separated by spaces. The lit states of a chart are its root and each prefix.',
  }),
  since: moment,
  cause: z.string().meta({ description: 'Type of the event that led to the state.' }),
  gone: moment.nullable().meta({ description: 'When it ended; null while it runs.' }),
})

const limits = z.object({
  max_connections: z.int(),
  max_memory_mb: z.number(),
  max_cpu_percent: z.number(),
})

const use = z.object({
  connections: z.int(),
  memory_bytes: z.number(),
  cpu_percent: z.number().meta({ description: '100 means all CPU available to the daemon.' }),
  loop_utilization: share,
})

/** One service: a worker, or one of the types in a combined worker. */
export const worker = z.object({
  name: z
    .string()
    .meta({ description: 'Name of the service: `forward_proxy`, `reverse_proxy`, `static_files`.' }),
  worker: z
    .string()
    .meta({ description: 'Name for actions and limits; `combined` if services share a worker.' }),
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
      'Mean over the latest ten seconds, or up to twenty while no event stream is open; null without requests.',
  }),
  p99_ms: z.number().nullable(),
  error_rate: share.meta({
    description: 'Share of failed requests in the last second, without those that their client caused.',
  }),
  restarts: z.int().meta({ description: 'Restarts after crashes since the start of the daemon.' }),
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
  at: moment.meta({ description: 'When it fires.' }),
  ms: z.number().meta({ description: 'Its full duration in milliseconds.' }),
})

const nextTransition = z.object({
  event: z.string(),
  edge: edgeId,
  guard: z.string().nullable(),
  targets: z.array(z.string()).meta({ description: 'Ids of target states; empty if the state stays.' }),
})

/** Live details of a running actor. */
export const live = z.object({
  timers: z.array(timer),
  next: z.array(nextTransition).meta({ description: 'Possible events.' }),
})

export const actorDetail = actor.extend({
  seq: sequence.meta({ description: 'Number of its latest move.' }),
  context: digest,
  live: live.nullable().meta({ description: 'Null if it has ended or did not answer in time.' }),
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
    .meta({ description: 'Id of the actor that sent the event; null if external or unknown.' }),
  from: z.string().nullable().meta({ description: 'Previous state; null at the start.' }),
  to: z.string(),
  edges: z
    .array(edgeId)
    .meta({ description: 'Arrows that fired; empty for the start and for an unhandled event.' }),
  ignored: z
    .boolean()
    .meta({ description: 'True if no transition handled the event or no guard allowed it.' }),
  diff: diff.nullable(),
  skipped: z.int().meta({ description: 'Earlier moves of the actor omitted because too many came at once.' }),
})

export const history = z.object({
  actor,
  moves: z.array(move).meta({ description: 'Oldest first.' }),
  complete: z.boolean().meta({ description: 'False if older moves were discarded.' }),
  next: sequence.nullable().meta({ description: '`after` for the rest, or null.' }),
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
      'Why the full state is sent: a new viewer; a Last-Event-ID that is too old or from another daemon; a slow reader.',
  }),
})

/**
 * Events of /api/events by name. `sample` and `limits` have no id; events with an id are replayed after a
 * reconnect.
 */
export const streamEvents = { move, sample, actor: presence, reset } as const

export const chartList = z.object({
  charts: z.array(
    z.object({ name: z.string(), actors: z.int().meta({ description: 'Number of running actors.' }) }),
  ),
})

/** The file `npm run charts` writes for one machine. */
export const chartFile = z.object({ chart: z.unknown(), layout: z.unknown() })

export const actionDone = z.object({
  worker: z.string(),
  action: z.enum(['drain', 'recycle', 'restart']),
  event: z.string().meta({ description: 'Event sent to the supervisor.' }),
  state: z.string().meta({ description: 'State of the supervisor after the event.' }),
})

export const limitsChanged = z.object({
  worker: z.string(),
  changed: z.array(z.object({ limit: z.string(), from: z.number(), to: z.number() })),
})

export const session = z.object({
  needed: z.boolean().meta({ description: 'False if reading needs no token; then no cookie is set.' }),
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
