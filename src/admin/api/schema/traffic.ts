/** Schemas of the traffic interface: exchanges, connections, explanations. */
import { z } from 'zod'

const moment = z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' })
const milliseconds = z.number().nullable().meta({ description: 'Null where nobody has taken the time.' })
const setting = z.string().nullable().meta({
  description:
    'Path of the setting in the configuration, as `workers.static_files.mounts[0]`; null: HTTP itself says so.',
})

export const place = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  path: z.string().meta({ description: 'What is written there: the setting, or what it is a part of.' }),
  written: z.boolean().meta({ description: 'False: the setting itself is not, and has its default.' }),
})

const masked = 'Only with the admin token; `***` without it.'

export const trafficRecord = z.object({
  id: z.string().meta({ description: 'Names it in /api/requests/ID: `reverse_proxy#1.42`.' }),
  instance: z.string(),
  at: moment,
  request_id: z.string().nullable(),
  service: z.enum(['forward', 'reverse', 'static']).nullable().meta({
    description: 'Null for what belongs to no service: refused before it was known, or no request at all.',
  }),
  client: z.string(),
  user: z.string().nullable().meta({ description: masked }),
  method: z.string().nullable(),
  target: z
    .string()
    .nullable()
    .meta({
      description: `As it came, without user and password, cut to 512 characters. What follows "?": ${masked}`,
    }),
  host: z.string().nullable(),
  version: z.string().nullable(),
  status: z.int().meta({ description: '0: nothing was sent.' }),
  code: z
    .string()
    .nullable()
    .meta({ description: 'Row of docs/errors.md; null: an upstream or a file answered so.' }),
  termination: z.string().meta({ description: 'Who ended it, in which phase; as in the access log.' }),
  state: z.string().meta({ description: 'Of the chart that admits, at that moment.' }),
  upstream: z.string().nullable(),
  attempts: z.int(),
  connect_ms: milliseconds,
  answer_ms: milliseconds,
  duration_ms: z.number(),
  received: z.number(),
  sent: z.number(),
})

export const trafficPage = z.object({
  worker: z.string(),
  requests: z.array(trafficRecord).meta({ description: 'Oldest first.' }),
  after: z.string().meta({ description: '`after` for what comes later.' }),
  watched: z.boolean(),
  skipped: z.number().meta({
    description: 'Good exchanges that were left out while watched: of each second the first 50 are recorded.',
  }),
  silent: z.array(z.string()).meta({ description: 'Instances that did not answer in time.' }),
})

const step = z.object({
  about: z.enum([
    'target',
    'host',
    'service',
    'route',
    'size',
    'access',
    'auth',
    'rate',
    'destination',
    'room',
    'answer',
  ]),
  text: z.string(),
  setting,
  place: place.nullable(),
  refuses: z.boolean(),
})

export const explanation = z.object({
  worker: z.string(),
  outcome: z.object({
    kind: z.enum(['forward', 'tunnel', 'reverse', 'static', 'reply']),
    service: z.enum(['forward', 'reverse', 'static']).nullable(),
    code: z.string().nullable(),
    status: z.int().meta({ description: '0 for what is served.' }),
    to: z.string().nullable(),
  }),
  steps: z.array(step),
})

export const explanations = z.object({ explanations: z.array(explanation) })

const link = z.object({
  about: z.enum(['request', 'rule', 'state', 'cause', 'right']),
  text: z.string(),
  setting,
  place: place.nullable(),
  actor: z.string().nullable().meta({ description: 'Whose move it is, for its history.' }),
  seq: z.int().nullable().meta({ description: 'Number of the move.' }),
  at: moment.nullable(),
})

export const reasons = z.object({
  request: trafficRecord,
  ended: z.string().meta({ description: 'Termination of the request, in words.' }),
  chain: z.array(link).meta({ description: 'From what was refused to why, and to what would be right.' }),
  explanation: explanation.nullable().meta({
    description: 'What the worker would make of the same request now; null for what was no request.',
  }),
})

const connection = z.object({
  id: z.string(),
  instance: z.string(),
  peer: z.string(),
  scheme: z.enum(['http', 'https']),
  age_ms: z.number(),
  received: z.number(),
  sent: z.number(),
  state: z.enum(['handshake', 'idle', 'exchange', 'tunnel', 'h2']),
  running: z.int().meta({ description: 'Exchanges that run; of HTTP/2 its streams, tunnels among them.' }),
  service: z.string().nullable(),
  method: z.string().nullable(),
  target: z
    .string()
    .nullable()
    .meta({ description: `As in a request. What follows "?": ${masked}` }),
  upstream: z.string().nullable(),
  user: z.string().nullable().meta({ description: masked }),
})

export const connections = z.object({
  worker: z.string(),
  connections: z.array(connection).meta({ description: 'Oldest first.' }),
  open: z.int().meta({ description: 'All of them; the list may be shorter.' }),
  silent: z.array(z.string()),
})

export const connectionClosed = z.object({ id: z.string(), closed: z.literal(true) })

export type Connections = z.infer<typeof connections>
export type Connection = Connections['connections'][number]
export type ConnectionClosed = z.infer<typeof connectionClosed>
export type Explanation = z.infer<typeof explanation>
export type Explanations = z.infer<typeof explanations>
export type Place = z.infer<typeof place>
export type Reasons = z.infer<typeof reasons>
export type TrafficPage = z.infer<typeof trafficPage>
export type TrafficRecord = z.infer<typeof trafficRecord>
