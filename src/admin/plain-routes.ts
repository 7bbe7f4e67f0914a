/** Routes outside the interface: /health, /metrics, /status and its description. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Overview } from '../supervise/views/overview.ts'
import { type Answer, json } from './answer.ts'
import { openApiDocument } from './api/operations/openapi.ts'
import type { Metrics } from './metrics.ts'

export interface PlainRequest {
  /** The query string after `?`. */
  readonly search: string
  readonly headers: IncomingHttpHeaders
}

export type PlainRoute = (request: PlainRequest) => Answer | Promise<Answer>

/**
 *   /health   worker health as in the seed; 503 when a worker is Critical
 *   /metrics  Prometheus text; `?worker=NAME` for one worker
 *   /status   usage of every instance, every actor and its state
 *   /api/openapi.json  description of the interface behind the page
 */
export function plainRoutes(overview: Overview, metrics: Metrics): Readonly<Record<string, PlainRoute>> {
  return {
    '/health': () => {
      const report = overview.health()
      return json(report.status === 'Critical' ? 503 : 200, report)
    },
    '/metrics': ({ search, headers }) =>
      metrics.answer({
        worker: new URLSearchParams(search).get('worker'),
        accept: headers.accept,
        acceptEncoding: headers['accept-encoding']?.toString(),
      }),
    '/api/openapi.json': () => json(200, openApiDocument()),
    '/status': () =>
      json(200, {
        instances: overview.instances(),
        actors: overview.actors(),
        moves: overview.moves().slice(-50),
      }),
  }
}
