/** The operations about traffic, beside those of operations.ts. */
import { z } from 'zod'
import { canonicalAddress, unixPeer } from '../../../http/address/address.ts'
import { connectionClosed, connections, explanations, reasons, trafficPage } from '../schema/traffic.ts'
import { wholeNumber } from './query.ts'

const text = (max: number, description: string) => z.string().max(max).meta({ description })
const worker = text(64, 'Name of the worker.')
const count = (max: number, description: string) => wholeNumber(description, { min: 1, max })

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
        .meta({ description: 'The method.' })
        .default('GET'),
      url: text(
        4096,
        'The request target: a path, or a whole URL for a forward proxy, or host:port of CONNECT.',
      ),
      host: text(300, 'The Host field.').optional(),
      client: text(64, `The client's address, or "${unixPeer}" for a client on a Unix socket.`)
        .refine((client) => client === unixPeer || canonicalAddress(client) !== null, {
          error: `must be an IP address, such as 192.0.2.1, or ${unixPeer}`,
        })
        .default('127.0.0.1'),
      user: text(256, 'Whom its credentials name; only with the admin token.').optional(),
      length: wholeNumber('Content-Length.').optional(),
    }),
    answer: explanations,
  },
  listRequests: {
    method: 'GET',
    path: '/api/requests',
    summary:
      'The latest refused and failed exchanges of a worker, which are always kept; with `watch` all of them, for some seconds.',
    needsToken: false,
    query: z.strictObject({
      worker,
      after: text(4096, 'Only what came after: `after` of the answer before.').default(''),
      limit: count(500, 'So many at most, the latest ones.').default(200),
      watch: z
        .enum(['0', '1'])
        .meta({ description: '1: record all exchanges for the next 5 s.' })
        .default('0'),
    }),
    answer: trafficPage,
  },
  getRequest: {
    method: 'GET',
    path: '/api/requests/{id}',
    summary: 'Why a request was answered as it was: by its id in the list, or by its X-Request-Id.',
    needsToken: false,
    answer: reasons,
  },
  listConnections: {
    method: 'GET',
    path: '/api/connections',
    summary: 'Open connections and tunnels of a worker, the oldest first.',
    needsToken: false,
    query: z.strictObject({ worker, limit: count(1000, 'So many at most.').default(200) }),
    answer: connections,
  },
  closeConnection: {
    method: 'POST',
    path: '/api/connections/{id}/close',
    summary: 'Closes a connection now, with what runs on it.',
    needsToken: true,
    answer: connectionClosed,
  },
} as const
