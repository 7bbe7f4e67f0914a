/** Requests for the operations about traffic -> their handlers. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { type Answer, json } from '../answer.ts'
import { trafficOperations } from './operations-traffic.ts'
import type { TrafficApi } from './traffic.ts'

/** Null: the path is none of theirs. `isTrusted`: whoever asks has the admin token. */
export function answerTraffic(
  req: IncomingMessage,
  api: TrafficApi,
  isTrusted: boolean,
): Promise<Answer> | Answer | null {
  const [path = '', search = ''] = (req.url ?? '/').split(/\?(.*)/s, 2)
  const [, close] = /^\/api\/connections\/([^/]+)\/close$/.exec(path) ?? []
  if (close !== undefined) {
    if (req.method !== 'POST') return json(405, { error: 'only POST' }, { Allow: 'POST' })
    if (!isTrusted)
      return json(401, { error: 'send "Authorization: Bearer TOKEN"' }, { 'WWW-Authenticate': 'Bearer' })
    return api.close(decoded(close), req.socket.remoteAddress ?? 'unknown')
  }
  const [, request] = /^\/api\/requests\/([^/]+)$/.exec(path) ?? []
  const known = ['/api/explain', '/api/requests', '/api/connections']
  if (request === undefined && !known.includes(path)) return null
  if (req.method !== 'GET') return json(405, { error: 'only GET' }, { Allow: 'GET' })
  if (request !== undefined) return api.request(decoded(request), isTrusted)
  const query = Object.fromEntries(new URLSearchParams(search))
  if (path === '/api/explain')
    return asked(trafficOperations.explainRequest.query, query, (given) => api.explain(given, isTrusted))
  if (path === '/api/requests')
    return asked(trafficOperations.listRequests.query, query, (given) => api.requests(given, isTrusted))
  return asked(trafficOperations.listConnections.query, query, (given) => api.connections(given, isTrusted))
}

function asked<Schema extends z.ZodType>(
  schema: Schema,
  query: Readonly<Record<string, string>>,
  answer: (given: z.output<Schema>) => Promise<Answer>,
): Promise<Answer> | Answer {
  const parsed = schema.safeParse(query)
  if (parsed.success) return answer(parsed.data)
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return json(400, { error: problems.join('; ') })
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
