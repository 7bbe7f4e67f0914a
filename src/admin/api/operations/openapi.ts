/**
 * The OpenAPI 3.1 document of the interface, generated from the schemas that tests check its answers with.
 */
import { z } from 'zod'
import * as schemas from '../schema/schema.ts'
import * as traffic from '../schema/traffic.ts'
import { allOperations, type Operation } from './operations.ts'

const { streamEvents } = schemas

/** Schemas with a name in the document. */
const named = {
  Actor: schemas.actor,
  Worker: schemas.worker,
  Overview: schemas.overview,
  ActorList: schemas.actors,
  ActorDetail: schemas.actorDetail,
  Move: schemas.move,
  History: schemas.history,
  Sample: streamEvents.sample,
  Presence: streamEvents.actor,
  Reset: streamEvents.reset,
  ChartList: schemas.chartList,
  ChartFile: schemas.chartFile,
  ActionDone: schemas.actionDone,
  Failure: schemas.failure,
  HistoryFile: schemas.historyFile,
  TrafficPage: traffic.trafficPage,
  TrafficRecord: traffic.trafficRecord,
  Reasons: traffic.reasons,
  Explanation: traffic.explanation,
  Explanations: traffic.explanations,
  Connections: traffic.connections,
  ConnectionClosed: traffic.connectionClosed,
} as const

const refOf = (name: string) => `#/components/schemas/${name}`

function components(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas: made } = z.toJSONSchema(registry, { uri: refOf })
  return Object.fromEntries(Object.entries(made).map(([name, schema]) => [name, withoutFrame(schema)]))
}

/** Removes the keys that describe a schema document as a whole. */
function withoutFrame(schema: object): object {
  const { $schema: _, $id: _id, ...rest } = schema as Record<string, unknown>
  return rest
}

function schemaOf(schema: z.ZodType): object {
  const name = Object.entries(named).find(([, one]) => one === schema)?.[0]
  return name === undefined ? withoutFrame(z.toJSONSchema(schema, { io: 'input' })) : { $ref: refOf(name) }
}

function parametersOf({ path, query }: Operation): readonly object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType) as { readonly description?: string }
    // The default value, if the field may be omitted.
    const { success, data } = (schema as z.ZodType).safeParse(undefined)
    return {
      name,
      in: 'query',
      required: !success,
      ...(description ? { description } : {}),
      schema: { ...(data === undefined ? {} : { default: data }), ...rest },
    }
  })
  return [...inPath, ...inQuery]
}

const problem = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: refOf('Failure') } } },
})

/** Error answers that the operation may give. */
function problemsOf({ needsToken, path, query, body, answer }: Operation): Record<string, object> {
  return {
    ...(query || body
      ? { 400: problem('The query or the body is invalid; the text explains the correction.') }
      : {}),
    401: problem('The admin token is missing or wrong.'),
    403: problem('The Host or the Origin is not allowed here.'),
    ...(path.includes('{') ? { 404: problem('There is nothing with this name.') } : {}),
    ...(needsToken ? { 409: problem('Not possible in its current state.') } : {}),
    429: problem('Too many requests; Retry-After contains the wait in seconds.'),
    ...(answer === 'stream' ? { 503: problem('Too many viewers.') } : {}),
  }
}

function describe(id: string, operation: Operation): object {
  const { summary, answer, body, needsToken } = operation
  const parameters = parametersOf(operation)
  const content =
    answer === 'stream'
      ? { 'text/event-stream': { schema: { type: 'string' } } }
      : { 'application/json': { schema: schemaOf(answer) } }
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }
      : {}),
    ...(needsToken ? { security: [{ token: [] }] } : {}),
    responses: { 200: { description: 'Done.', content }, ...problemsOf(operation) },
  }
}

export function openApiDocument(): object {
  const paths = new Map<string, Record<string, object>>()
  for (const [id, operation] of Object.entries(allOperations)) {
    const method = operation.method.toLowerCase()
    paths.set(operation.path, { ...paths.get(operation.path), [method]: describe(id, operation) })
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bifrost Bridge admin interface',
      version: '1',
      description:
        'On loopback or the Unix socket, every client that can connect may read everything; on other addresses reading needs the token too. Every change needs it. Frames of /api/events: `event` is move, sample, actor or reset (schemas Move, Sample, Presence, Reset), `id` is the place to resume from.',
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: components(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'admin.token, or the text of admin.token_file.',
        },
      },
    },
  }
}
