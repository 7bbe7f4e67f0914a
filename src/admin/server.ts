/**
 * The admin server of the main thread: health, metrics and status as text, the page and its interface. It
 * never touches traffic. Every request passes the same gates (rate, origin, token) and is bounded in size,
 * time and number.
 */
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
import { type GuardPolicy, guardRefusal } from './gate/guard.ts'
import { securityHeaders } from './gate/security-headers.ts'
import type { PlainRequest, PlainRoute } from './plain-routes.ts'
import { findOperation, type Handlers, type Reply, readQuery } from './router.ts'

export interface AdminOptions {
  readonly settings: Pick<AdminSettings, 'listen' | 'hosts'>
  /** Null for plain HTTP. */
  readonly certificate: OwnCertificate | null
  readonly access: Access
  /** Routes outside the interface, by path, for programs that need one thing. */
  readonly plain: Readonly<Record<string, PlainRoute>>
  readonly handlers: Handlers
  /** Returns a file of the page; null if the path names none. */
  readonly page: (path: string) => Promise<Answer | null>
  /** Set under BIFROST_FAULTS only: `POST /faults/WORKER/FAULT`. */
  readonly injectFault?: InjectFault | undefined
}

/** Injects a fault for tests; absent in a normal run. */
export type InjectFault = (worker: string, fault: string) => boolean

/**
 * A connection without a complete head is closed within 5 s. Node checks every `connectionsCheckingInterval`,
 * which is 30 s by default.
 */
export const bounds = {
  keepAliveTimeout: 4_000,
  headersTimeout: 4_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384,
} as const

/**
 * Time without progress after which a connection with an unread answer is closed. Event streams write more
 * often.
 */
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
      // It rejects only if the client has disconnected, so there is nothing to report.
      this.#follow(req, res)
      this.#answer(req, res).catch(() => res.destroy())
    }
    this.#server =
      certificate === null ? createServer(bounds, answer) : createSecureServer(certificate, answer)
    this.#server.on('connection', (socket: Socket) => this.#connections.enter(socket))
    this.#server.timeout = stalledMs
  }

  /** Resolves with the bound port; null for a Unix socket. Throws LISTEN_FAILED. */
  async listen(): Promise<ListenAddress | null> {
    const { listen } = this.#options.settings
    const bound = 'path' in listen ? await this.#listenUnix(listen.path) : await this.#listenAt(listen)
    // An accept fails without a free descriptor; the next one may succeed.
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

  /** Only the daemon's user may use the socket, from its creation on. */
  async #listenUnix(path: string): Promise<null> {
    await claimPath(path)
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new BifrostError('LISTEN_FAILED', `cannot listen on unix:${path} for admin`, { cause })),
      )
      // `listen` binds before it returns, so the mask affects no other file.
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
    // A client that has reset its connection has no address, and reads no answer.
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

  /** `peer` identifies the client for rate limits and the log; all clients of a Unix socket are one peer. */
  async #reply(req: IncomingMessage, peer: string): Promise<Reply> {
    const { headers, method = 'GET' } = req
    const [path = '/', search = ''] = (req.url ?? '/').split(/\?(.*)/s, 2)
    const { access } = this.#options
    // Check the origin first, so that a hostile page in the user's browser cannot use up the user's requests.
    const refusal =
      guardRefusal(
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
      if (handler === undefined) return json(501, { error: `${id} is not available here` })
      const lastEventId = one(headers['last-event-id'])
      return handler({ params, query: query.query, text, isTrusted, by: peer, lastEventId })
    }
    if (found !== null) return notAllowed(found.allow)
    return this.#plain(method, path, { search, headers }, access.mayRead(isTrusted, headers))
  }

  /** `denied` is the answer if the caller may not read. */
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

const bodyTooLong: Answer = json(413, { error: `the body exceeds ${maxBody} bytes` }, { Connection: 'close' })

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
    // Close instead of reading the rest of an unexpected body.
    ...(req.complete || req.method === 'GET' || req.method === 'HEAD' ? {} : { Connection: 'close' }),
    ...headers,
  })
  res.end(req.method === 'HEAD' ? undefined : body)
  req.resume()
}

/** The accepted socket; for TLS the one below the TLS socket. */
const acceptedOf = (socket: Socket): Socket =>
  (socket as Socket & { readonly _parent?: Socket | null })._parent ?? socket

const secure = { minVersion: 'TLSv1.2' } as const

/** New connections use a renewed certificate; open ones continue. */
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
