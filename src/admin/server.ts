import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ListenAddress, ListenerAddress, UnixAddress } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import { bindFailure } from '../supervise/bind-error.ts'
import type { Overview } from '../supervise/overview.ts'
import type { Readings } from '../supervise/readings.ts'
import { claimPath } from '../supervise/unix-path.ts'
import { type Answer, json } from './answer.ts'
import type { TrafficApi } from './api/traffic.ts'
import { answerTraffic } from './api/traffic-routes.ts'
import { isToken, type LimitsAccess, patchLimits } from './limits.ts'
import { metricsAnswer } from './metrics.ts'

/**
 * The admin interface of main: JSON and Prometheus text, read-only but for the limits. Nothing of it touches traffic.
 *   /health   the seed's worker health; 503 when a worker is Critical
 *   /metrics  Prometheus text; `?worker=NAME` of one worker
 *   /status   what every instance uses, every actor and its state
 *   /limits/WORKER  PATCH, with the token
 */
type Route = (overview: Overview, req: IncomingMessage, readings: Readings) => Answer | Promise<Answer>

const routes: Readonly<Record<string, Route>> = {
  '/health': (overview) => {
    const report = overview.health()
    return json(report.status === 'Critical' ? 503 : 200, report)
  },
  '/metrics': (overview, { url, headers }, readings) =>
    metricsAnswer(overview, readings, {
      worker: new URLSearchParams(url?.split('?', 2)[1]).get('worker'),
      accept: headers.accept,
      acceptEncoding: headers['accept-encoding']?.toString(),
    }),
  '/status': (overview) =>
    json(200, {
      instances: overview.instances(),
      actors: overview.actors(),
      moves: overview.moves().slice(-50),
    }),
}

/** What test-only faults may be injected through; absent in a normal run. */
export type InjectFault = (worker: string, fault: string) => boolean

export interface AdminOptions {
  readonly overview: Overview
  readonly readings: Readings
  readonly limits: LimitsAccess
  readonly traffic: TrafficApi
  /** Set only under BIFROST_FAULTS: `POST /faults/WORKER/FAULT`. */
  readonly injectFault?: InjectFault | undefined
}

export class AdminServer {
  readonly #server: Server
  readonly #options: AdminOptions

  constructor(options: AdminOptions) {
    this.#options = options
    this.#server = createServer(
      { keepAliveTimeout: 5_000, headersTimeout: 5_000, requestTimeout: 10_000 },
      (req, res) => {
        // It rejects only when its client is gone, and there is nobody to tell.
        this.#answer(req, res).catch(() => res.destroy())
      },
    )
    this.#server.maxConnections = 256
  }

  /** Resolves with the port that the kernel chose; null for a Unix socket. Throws LISTEN_FAILED. */
  async listen(address: ListenerAddress): Promise<ListenAddress | null> {
    await (this.#isUnix(address) ? this.#listenUnix(address.path) : this.#listenAt(address))
    // Without a descriptor left an accept fails; the next may succeed.
    this.#server.on('error', () => {})
    if ('path' in address) return null
    const bound = this.#server.address()
    const port = bound !== null && typeof bound === 'object' ? bound.port : address.port
    return { host: address.host, port }
  }

  #isUnix(address: ListenerAddress): address is UnixAddress {
    return 'path' in address
  }

  #listenAt({ host, port }: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => reject(bindFailure({ host, port }, cause, ' for admin')))
      this.#server.listen({ host, port }, resolve)
    })
  }

  /** A socket that only the user of the daemon may use, from the start on. */
  async #listenUnix(path: string): Promise<void> {
    await claimPath(path)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new BifrostError('LISTEN_FAILED', `cannot listen on unix:${path} for admin`, { cause })),
      )
      // It binds before it returns; nobody else must make a file meanwhile.
      const mask = process.umask(0o177)
      this.#server.listen({ path }, resolve)
      process.umask(mask)
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const answer = await this.#route(req)
    res.writeHead(answer.status, {
      'Content-Type': answer.type,
      'Content-Length': Buffer.byteLength(answer.body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...answer.headers,
    })
    res.end(answer.body)
    req.resume()
  }

  #route(req: IncomingMessage): Answer | Promise<Answer> {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/'
    const { injectFault } = this.#options
    const [, worker, fault] = /^\/faults\/([\w-]+)\/(\w+)$/.exec(path) ?? []
    if (injectFault && req.method === 'POST' && worker !== undefined && fault !== undefined) {
      return injectFault(worker, fault)
        ? json(202, { worker, fault })
        : json(404, { error: 'no such worker or fault' })
    }
    const { traffic, limits } = this.#options
    const isTrusted = limits.token !== undefined && isToken(req.headers.authorization, limits.token)
    const told = answerTraffic(req, traffic, isTrusted)
    if (told !== null) return told
    const [, limited] = /^\/limits\/([\w-]+)$/.exec(path) ?? []
    if (limited !== undefined) return patchLimits(req, limited, this.#options.limits)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) return json(404, { error: 'not found', paths: Object.keys(routes) })
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return json(405, { error: 'only GET and HEAD' }, { Allow: 'GET, HEAD' })
    }
    return route(this.#options.overview, req, this.#options.readings)
  }
}
