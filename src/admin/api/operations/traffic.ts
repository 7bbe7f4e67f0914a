/** The table of traffic operations; operations.ts has the others. */
import { z } from 'zod'
import { canonicalAddress, unixPeer } from '../../../http/address/address.ts'
import { connectionClosed, connections, explanations, reasons, trafficPage } from '../schema/traffic.ts'
import { queryNumber } from './query.ts'

const text = (max: number, description: string) => z.string().max(max).meta({ description })
const worker = text(64, 'Name of the worker.')
const count = (max: number, description: string) => queryNumber(description, { min: 1, max })

export const trafficOperations = {
  explainRequest: {
    method: 'GET',
    path: '/api/explain',
    summary: 'Which worker, mount or target would serve a request, and why. Nothing is sent.',
    needsToken: false,
    query: z.strictObject({
      worker: worker.optional(),
      method: z
        .string()
        .regex(/^[!#$%&'*+\-.^_`|~\w]{1,32}$/)
        .meta({ description: 'Request method.' })
        .default('GET'),
      url: text(4096, 'Request target: a path, a URL for a forward proxy, or host:port for CONNECT.'),
      host: text(300, 'Host field.').optional(),
      client: text(64, `The client's address, or "${unixPeer}" for a client on a Unix socket.`)
        .refine((client) => client === unixPeer || canonicalAddress(client) !== null, {
          error: `must be an IP address, such as 192.0.2.1, or ${unixPeer}`,
        })
        .default('127.0.0.1'),
      user: text(256, 'Authenticated user; requires the admin token.').optional(),
      length: queryNumber('Content-Length.').optional(),
    }),
    answer: explanations,
  },
  listRequests: {
    method: 'GET',
    path: '/api/requests',
    summary:
      'The latest refused and failed exchanges of a worker; with `watch`, all exchanges of the next seconds too.',
    needsToken: false,
    query: z.strictObject({
      worker,
      after: text(4096, 'Only later exchanges: `after` of the previous answer.').default(''),
      limit: count(500, 'Maximum number; the latest are returned.').default(200),
      watch: z
        .enum(['0', '1'])
        .meta({ description: '1 records all exchanges for the next 5 s.' })
        .default('0'),
    }),
    answer: trafficPage,
  },
  getRequest: {
    method: 'GET',
    path: '/api/requests/{id}',
    summary: 'Explains the answer to a request, given by its id in the list or its X-Request-Id.',
    needsToken: false,
    answer: reasons,
  },
  listConnections: {
    method: 'GET',
    path: '/api/connections',
    summary: 'Open connections and tunnels of a worker, oldest first.',
    needsToken: false,
    query: z.strictObject({ worker, limit: count(1000, 'Maximum number.').default(200) }),
    answer: connections,
  },
  closeConnection: {
    method: 'POST',
    path: '/api/connections/{id}/close',
    summary: 'Closes a connection and all its exchanges at once.',
    needsToken: true,
    answer: connectionClosed,
  },
} as const
