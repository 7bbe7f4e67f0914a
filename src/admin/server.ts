import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { AdminSettings, ListenAddress } from '../config/settings/settings.ts'
import { BifrostError } from '../errors.ts'
import { peerOf } from '../http/address/peer.ts'
import { listsTag } from '../http/fields/entity-tag.ts'
import type { OwnCertificate } from '../supervise/certificates/certificate-files.ts'
import { bindFailure } from '../supervise/listeners/bind-error.ts'
import { claimPath } from '../supervise/listeners/unix-path.ts'
import { type Answer, json } from './answer.ts'
import type { Access } from './gate/access.ts'
import { maxBody, readBody } from './gate/body.ts'
import { ConnectionLimit } from './gate/connection-limit.ts'
import { type GuardPolicy, refusalOf } from './gate/guard.ts'
import { securityHeaders } from './gate/security-headers.ts'
import type { PlainRequest, PlainRoute } from './plain-routes.ts'
import { findOperation, type Handlers, type Reply, readQuery } from './router.ts'

/**
 * The admin interface of main: health, metrics and status as text, the charts page and the interface behind it. Nothing of it touches
 * traffic. Every request passes the same gates: rate, origin, token; each is bounded in size, time and number.
 */
export interface AdminOptions {
  readonly settings: Pick<AdminSettings, 'listen' | 'hosts'>
  /** Null: HTTP. */
  readonly certificate: OwnCertificate | null
  readonly access: Access
  /** By path: for programs that want one thing. */
  readonly plain: Readonly<Record<string, PlainRoute>>
  readonly handlers: Handlers
  /** A file of the page; null: none of that path. */
  readonly page: (path: string) => Promise<Answer | null>
  /** Set only under BIFROST_FAULTS: `POST /faults/WORKER/FAULT`. */
  readonly injectFault?: InjectFault | undefined
}

/** What test-only faults may be injected through; absent in a normal run. */
export type InjectFault = (worker: string, fault: string) => boolean

/** A connection that sends no whole head is closed within 5 s: Node looks for it each `connectionsCheckingInterval`, 30 s by default. */
export const bounds = {
  keepAliveTimeout: 4_000,
  headersTimeout: 4_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384,
} as const

/** Of a connection on which nothing moves while its client should take an answer; event streams write more often than that. */
const stalledMs = 30_000

export class AdminServer {
  readonly #server: Server
  readonly #options: AdminOptions
  readonly #policy: GuardPolicy
  readonly #connections = new ConnectionLimit({
    max: 256,
    patienceMs: bounds.requestTimeout,
    now: () => performance.now(),
  })

  constructor(options: AdminOptions) {
    this.#options = options
    const { certificate, settings } = options
    const { listen, hosts } = settings
    this.#policy = {
      scheme: certificate === null ? 'http' : 'https',
      hosts: 'path' in listen ? null : [listen.host, ...hosts].map((host) => host.toLowerCase()),
    }
    const answer = (req: IncomingMessage, res: ServerResponse) => {
      // It rejects only when its client is gone, and there is nobody to tell.
      this.#follow(req, res)
      this.#answer(req, res).catch(() => res.destroy())
    }
    this.#server =
      certificate === null ? createServer(bounds, answer) : createSecureServer(certificate, answer)
    this.#server.on('connection', (socket: Socket) => this.#connections.enter(socket))
    this.#server.timeout = stalledMs
  }

  /** Resolves with the port that the kernel chose; null for a Unix socket. Throws LISTEN_FAILED. */
  async listen(): Promise<ListenAddress | null> {
    const { listen } = this.#options.settings
    const bound = 'path' in listen ? await this.#listenUnix(listen.path) : await this.#listenAt(listen)
    // Without a descriptor left an accept fails; the next may succeed.
    this.#server.on('error', () => {})
    return bound
  }

  close(): void {
    this.#options.certificate?.close()
    this.#server.close()
    this.#connections.close()
  }

  #listenAt({ host, port }: ListenAddress): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => reject(bindFailure({ host, port }, cause, ' for admin')))
      this.#server.listen({ host, port }, () => {
        const bound = this.#server.address()
        resolve({ host, port: bound !== null && typeof bound === 'object' ? bound.port : port })
      })
    })
  }

  /** A socket that only the user of the daemon may use, from the start on. */
  async #listenUnix(path: string): Promise<null> {
    await claimPath(path)
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new BifrostError('LISTEN_FAILED', `cannot listen on unix:${path} for admin`, { cause })),
      )
      // It binds before it returns; nobody else must make a file meanwhile.
      const mask = process.umask(0o177)
      this.#server.listen({ path }, () => resolve(null))
      process.umask(mask)
    })
  }

  #follow({ socket }: IncomingMessage, res: ServerResponse): void {
    const connection = acceptedOf(socket)
    this.#connections.begin(connection)
    res.once('close', () => this.#connections.end(connection))
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value)
    const peer = peerOf(req.socket, 'path' in this.#options.settings.listen)
    // A client that has reset its connection has no address to meter or to name, and reads no answer.
    if (peer === null) {
      req.socket.destroy()
      return
    }
    const reply = await this.#reply(req, peer)
    if ('open' in reply) {
      if (reply.open(res)) this.#connections.stream(acceptedOf(req.socket))
      else send(req, res, json(503, { error: 'too many viewers' }, { 'Retry-After': '10' }))
    } else send(req, res, reply)
  }

  /** `peer` is who to meter and to name: all clients of a Unix socket are one. */
  async #reply(req: IncomingMessage, peer: string): Promise<Reply> {
    const { headers, method = 'GET' } = req
    const [path = '/', search = ''] = (req.url ?? '/').split(/\?(.*)/s, 2)
    const { access } = this.#options
    // The origin first: a page of somebody else in the user's own browser must not use up what the user may ask.
    const refusal =
      refusalOf(
        {
          method,
          host: headers.host,
          origin: headers.origin,
          site: one(headers['sec-fetch-site']),
          mode: one(headers['sec-fetch-mode']),
          dest: one(headers['sec-fetch-dest']),
        },
        this.#policy,
      ) ??
      access.meter(peer, path) ??
      tooLong(req)
    if (refusal !== null) return 'error' in refusal ? json(refusal.status, { error: refusal.error }) : refusal
    const isTrusted = access.check(peer, headers)
    if (typeof isTrusted !== 'boolean') return isTrusted
    const file = await this.#options.page(path)
    if (file !== null) return isRead(method) ? file : notAllowed('GET, HEAD')
    const found = findOperation(method, path)
    if (found !== null && 'operation' in found) {
      const { operation, id, params } = found
      const denied = operation.needsToken ? access.mayAct(isTrusted) : access.mayRead(isTrusted, headers)
      if (denied !== null) return denied
      const query = readQuery(operation, search)
      if (!('query' in query)) return query
      const text = operation.body === undefined ? '' : await readBody(req)
      if (text === null) return bodyTooLong
      const handler = this.#options.handlers[id]
      if (handler === undefined) return json(501, { error: `${id} is not there` })
      const lastEventId = one(headers['last-event-id'])
      return handler({ params, query: query.query, text, isTrusted, by: peer, lastEventId })
    }
    if (found !== null) return notAllowed(found.allow)
    return this.#plain(method, path, { search, headers }, access.mayRead(isTrusted, headers))
  }

  /** `denied`: why it may not be read. */
  #plain(
    method: string,
    path: string,
    request: PlainRequest,
    denied: Answer | null,
  ): Answer | Promise<Answer> {
    const { injectFault, plain } = this.#options
    const [, worker, fault] = /^\/faults\/([\w-]+)\/(\w+)$/.exec(path) ?? []
    if (injectFault && method === 'POST' && worker !== undefined && fault !== undefined) {
      return injectFault(worker, fault)
        ? json(202, { worker, fault })
        : json(404, { error: 'no such worker or fault' })
    }
    if (denied !== null) return denied
    const route = Object.hasOwn(plain, path) ? plain[path] : undefined
    if (route === undefined) return json(404, { error: 'not found', paths: Object.keys(plain) })
    return isRead(method) ? route(request) : notAllowed('GET, HEAD')
  }
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD'

const notAllowed = (allow: string): Answer =>
  json(405, { error: `only ${allow.replaceAll(', ', ' and ')}` }, { Allow: allow })

const bodyTooLong: Answer = json(
  413,
  { error: `the body is longer than ${maxBody} bytes` },
  { Connection: 'close' },
)

const one = (field: string | string[] | undefined): string | undefined =>
  typeof field === 'string' ? field : field?.[0]

function tooLong({ headers }: IncomingMessage): Answer | null {
  return Number(headers['content-length'] ?? 0) > maxBody ? bodyTooLong : null
}

function send(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  if (res.destroyed || res.headersSent) return
  const { status, type, body, headers, onSend } = answer
  const tag = headers?.['ETag']
  if (tag !== undefined && listsTag(req.headers['if-none-match'] ?? '', tag, 'weak')) {
    res.writeHead(304, headers).end()
    return
  }
  onSend?.(res)
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    // What comes of a body that nobody asked for is not read on.
    ...(req.complete || req.method === 'GET' || req.method === 'HEAD' ? {} : { Connection: 'close' }),
    ...headers,
  })
  res.end(req.method === 'HEAD' ? undefined : body)
  req.resume()
}

/** What the server has accepted: of a TLS connection the socket below it. */
const acceptedOf = (socket: Socket): Socket =>
  (socket as Socket & { readonly _parent?: Socket | null })._parent ?? socket

const secure = { minVersion: 'TLSv1.2' } as const

/** What connects after its files were written is shown the new ones; connections that are open go on. */
function createSecureServer(certificate: OwnCertificate, answer: RequestListener): Server {
  const { cert, key } = certificate.pair
  const server = createTlsServer(
    { ...bounds, ...secure, handshakeTimeout: bounds.headersTimeout, cert, key },
    answer,
  )
  certificate.follow('admin', (pair) =>
    server.setSecureContext({ ...secure, cert: pair.cert, key: pair.key }),
  )
  return server
}
