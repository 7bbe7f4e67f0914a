/** Handlers of the traffic operations. */
import type { z } from 'zod'
import type { Handler } from '../../router.ts'
import type { trafficOperations } from '../operations/traffic.ts'
import type { TrafficApi } from './traffic.ts'

type Operations = typeof trafficOperations
type Query<Id extends keyof Operations> = Operations[Id] extends {
  readonly query: infer Schema extends z.ZodType
}
  ? z.output<Schema>
  : never

/** Maps the traffic operations to the methods of TrafficApi. */
export function trafficHandlers(api: TrafficApi): Readonly<Record<keyof Operations, Handler>> {
  return {
    explainRequest: ({ query, isTrusted }) => api.explain(query as Query<'explainRequest'>, isTrusted),
    listRequests: ({ query, isTrusted }) => api.requests(query as Query<'listRequests'>, isTrusted),
    getRequest: ({ params, isTrusted }) => api.request(params['id'] ?? '', isTrusted),
    listConnections: ({ query, isTrusted }) => api.connections(query as Query<'listConnections'>, isTrusted),
    closeConnection: ({ params, by }) => api.close(params['id'] ?? '', by),
  }
}
