/** Schemas of the traffic interface: exchanges, connections, explanations. */
import { z } from 'zod'

const moment = z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' })
const milliseconds = z.number().nullable().meta({ description: 'Null if not measured.' })
const setting = z.string().nullable().meta({
  description:
    'Path of the setting in the configuration, such as `workers.static_files.mounts[0]`; null if HTTP itself requires it.',
})

export const place = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  path: z.string().meta({ description: 'The path written there: the setting or a parent of it.' }),
  written: z.boolean().meta({ description: 'False if the setting is not written and has its default.' }),
})

const masked = '`***` without the admin token.'

export const trafficRecord = z.object({
  id: z.string().meta({ description: 'Id for /api/requests/ID, such as `reverse_proxy#1.42`.' }),
  instance: z.string(),
  at: moment,
  request_id: z.string().nullable(),
  service: z.enum(['forward', 'reverse', 'static']).nullable().meta({
    description: 'Null without a service: refused before it was known, or not a request.',
  }),
  client: z.string(),
  user: z.string().nullable().meta({ description: masked }),
  method: z.string().nullable(),
  target: z
    .string()
    .nullable()
    .meta({
      description: `As received, without credentials, cut to 512 characters. The query string is ${masked}`,
    }),
  host: z.string().nullable(),
  version: z.string().nullable(),
  status: z.int().meta({ description: '0 if nothing was sent.' }),
  code: z
    .string()
    .nullable()
    .meta({ description: 'Code of docs/errors.md; null if the status comes from an upstream or a file.' }),
  termination: z.string().meta({ description: 'Who ended it and in which phase, as in the access log.' }),
  state: z.string().meta({ description: 'State of the chart that admits connections, at that time.' }),
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
  after: z.string().meta({ description: '`after` for the next request.' }),
  watched: z.boolean(),
  skipped: z.number().meta({
    description:
      'Successful exchanges not recorded during a watch, which records the first 50 of each second.',
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
    status: z.int().meta({ description: '0 if the request is served.' }),
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
  actor: z.string().nullable().meta({ description: 'Actor that moved, for its history.' }),
  seq: z.int().nullable().meta({ description: 'Number of the move.' }),
  at: moment.nullable(),
})

export const reasons = z.object({
  request: trafficRecord,
  ended: z.string().meta({ description: 'Explains the termination letters.' }),
  chain: z.array(link).meta({ description: 'From the refusal to its reason and its remedy.' }),
  explanation: explanation.nullable().meta({
    description: 'What the worker would do with the same request now; null if there was no request.',
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
  running: z.int().meta({ description: 'Running exchanges; for HTTP/2 all streams, including tunnels.' }),
  service: z.string().nullable(),
  method: z.string().nullable(),
  target: z
    .string()
    .nullable()
    .meta({ description: `As in a request. The query string is ${masked}` }),
  upstream: z.string().nullable(),
  user: z.string().nullable().meta({ description: masked }),
})

export const connections = z.object({
  worker: z.string(),
  connections: z.array(connection).meta({ description: 'Oldest first.' }),
  open: z.int().meta({ description: 'Number of open connections; the list may be shorter.' }),
  silent: z.array(z.string()),
})

export const connectionClosed = z.object({ id: z.string(), closed: z.literal(true) })

export type Connections = z.infer<typeof connections>
export type ConnectionRow = Connections['connections'][number]
export type ConnectionClosed = z.infer<typeof connectionClosed>
export type Explanation = z.infer<typeof explanation>
export type Explanations = z.infer<typeof explanations>
export type ConfigPlace = z.infer<typeof place>
export type Reasons = z.infer<typeof reasons>
export type TrafficPage = z.infer<typeof trafficPage>
export type TrafficRecord = z.infer<typeof trafficRecord>
