/**
 * The edge of one worker: from an accepted socket to its answer.
 *
 *   accept -> ledger: open? --no--> 503, closed
 *               | yes
 *             HttpServer -> decide(head) -> service admitted? --no--> 503, closed
 *                                             | yes
 *                                  forward | reverse | static | reply
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ServiceType, WorkerSettings } from '../config/settings.ts'
import { BifrostError, type ErrorCode } from '../errors.ts'
import { countHost } from '../http/headers.ts'
import { replyBytes, sendReply } from '../http/reply.ts'
import { HttpServer } from '../http/server.ts'
import type { CounterBlock } from '../telemetry/counters.ts'
import type { Admission } from './admission.ts'
import { attachConnection, type Connection, connectionOf } from './connection.ts'
import { createPolicy, type Decision, decide, type Policy } from './decide.ts'
import { countRejected, Exchange, type ExchangeScope, type Log } from './exchange.ts'
import { loadServices, type Services } from './services.ts'

export interface EdgeOptions {
  readonly worker: WorkerSettings
  readonly admissions: {
    /** Every connection of the worker. */
    readonly worker: Admission
    /** In a combined worker, besides: the connections whose latest request belongs to the service. */
    readonly services: Partial<Record<ServiceType, Admission>>
  }
  /** Each request counts in its service's block; in a combined worker what belongs to no service counts in `combined`. */
  readonly counters: Readonly<Partial<Record<ServiceType | 'combined', CounterBlock>>>
  /** Our name in Via. */
  readonly pseudonym: string
  readonly log: Log
}

export interface Edge {
  /** Takes an accepted socket, also one that is paused with bytes waiting. */
  accept(socket: Socket): void
  /** Lets running exchanges and tunnels finish and ends every connection after its exchange. */
  drain(): void
  /**
   * While degraded every connection ends after its exchange, and upstream connections that are idle now are closed. Running
   * exchanges go on.
   */
  setDegraded(isDegraded: boolean): void
  /** Admitted connections that are still open. */
  readonly open: number
  /** Ends everything now; resolves when all is closed. */
  close(): Promise<void>
}

/** Loads what the worker's services need, and nothing else: a static worker never loads an HTTP client. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const edge = new WorkerEdge(options)
  await edge.load()
  return edge
}

const serviceOf: Readonly<Record<Exclude<Decision['kind'], 'reply'>, ServiceType>> = {
  forward: 'forward',
  tunnel: 'forward',
  reverse: 'reverse',
  static: 'static',
}

const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'] })

class WorkerEdge implements Edge {
  readonly #options: EdgeOptions
  readonly #policy: Policy
  readonly #scope: ExchangeScope
  readonly #server: HttpServer
  readonly #fallbackBlock: CounterBlock
  #services: Services = {}
  #open = 0

  constructor(options: EdgeOptions) {
    this.#options = options
    const { worker, counters, log } = options
    this.#policy = createPolicy(worker.services)
    this.#scope = { isDraining: false, isDegraded: false, log }
    const block = counters[worker.type]
    if (block === undefined) throw new BifrostError('INTERNAL', `no counter block for ${worker.type}`)
    this.#fallbackBlock = block
    const longest = (pick: 'headerMs' | 'idleMs') =>
      Math.max(...worker.services.map(({ timeouts }) => timeouts[pick]))
    this.#server = new HttpServer({
      headerMs: longest('headerMs'),
      idleMs: longest('idleMs'),
      onRequest: (req, res) => this.#request(req, res),
      onConnect: (req, socket, head) => this.#takeOver(req, socket, head),
      onUpgrade: (req, socket, head) => this.#takeOver(req, socket, head),
      canUpgrade: (req) => this.#canUpgrade(req),
      onRejected: (socket) => this.#rejected(socket),
    })
  }

  async load(): Promise<void> {
    const { worker, pseudonym } = this.#options
    this.#services = await loadServices(worker.services, {
      pseudonym,
      closer: this.#server.closer,
      blockOf: (type) => this.#blockOf(type),
    })
  }

  get open(): number {
    return this.#open
  }

  accept(socket: Socket): void {
    const { worker, services } = this.#options.admissions
    const address = socket.remoteAddress
    if (!worker.open(address)) {
      this.#server.closer.end(socket, refusal)
      return
    }
    if (socket.destroyed) {
      worker.close(address)
      return
    }
    const connection = attachConnection(socket)
    this.#open += 1
    socket.once('close', () => {
      this.#open -= 1
      if (connection.service !== null) services[connection.service]?.close()
      worker.close(address)
    })
    this.#server.accept(socket)
  }

  drain(): void {
    this.#scope.isDraining = true
    this.#server.closeIdle()
  }

  setDegraded(isDegraded: boolean): void {
    this.#scope.isDegraded = isDegraded
    if (!isDegraded) return
    this.#services.forward?.dropIdle()
    this.#services.reverse?.dropIdle()
  }

  async close(): Promise<void> {
    this.#scope.isDraining = true
    this.#services.forward?.close()
    this.#services.reverse?.close()
    this.#server.closer.close()
    await this.#server.close()
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    const connection = connectionOf(req.socket)
    if (connection === undefined) {
      res.destroy()
      return
    }
    const decision = this.#decide(req, false)
    const isAdmitted = decision.kind === 'reply' || this.#enter(connection, serviceOf[decision.kind])
    const exchange = this.#begin(connection, decision)
    exchange.follow(res)
    if (!isAdmitted) {
      sendReply(res, 'OVER_LIMIT', { headers: ['Retry-After', '1'], close: true })
      return
    }
    try {
      this.#serve(exchange, req, res, decision)
    } catch (cause) {
      exchange.relayFailed('INTERNAL', cause)
      sendReply(res, 'INTERNAL', { close: true })
    }
  }

  #serve(exchange: Exchange, req: IncomingMessage, res: ServerResponse, decision: Decision): void {
    const { forward, reverse, files } = this.#services
    switch (decision.kind) {
      case 'reverse':
        reverse?.request(exchange, req, res, decision)
        return
      case 'forward':
        forward?.request(exchange, req, res, decision)
        return
      case 'static':
        if (exchange.closing) res.shouldKeepAlive = false
        files?.handle(req, res, decision.mount, decision.path).catch((cause: unknown) => {
          exchange.relayFailed('INTERNAL', cause)
          sendReply(res, 'INTERNAL', { close: true })
        })
        return
      default:
        sendReply(res, decision.kind === 'reply' ? decision.code : 'BAD_REQUEST', {
          ...replyOptions(decision),
          close: exchange.closing,
        })
    }
  }

  /** CONNECT and Upgrade: the socket is no longer the HTTP server's. */
  #takeOver(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    // The server's keep-alive timer is still set; from here on the tunnel has its own.
    socket.setTimeout(0)
    const connection = connectionOf(socket)
    // An answer before this one is still under way: switching now would mix the two.
    if (connection === undefined || connection.running > 0) {
      socket.destroy()
      return
    }
    const decision = this.#decide(req, req.method !== 'CONNECT')
    const isAdmitted = decision.kind === 'reply' || this.#enter(connection, serviceOf[decision.kind])
    const exchange = this.#begin(connection, decision)
    if (!isAdmitted) {
      this.#end(exchange, refusal, true)
      return
    }
    const { forward, reverse } = this.#services
    if (decision.kind === 'tunnel' && forward) forward.tunnel(exchange, socket, head, decision)
    else if (decision.kind === 'forward' && forward)
      this.#watch(exchange, forward.upgrade(exchange, req, socket, head, decision))
    else if (decision.kind === 'reverse' && reverse)
      this.#watch(exchange, reverse.upgrade(exchange, req, socket, head, decision))
    else this.#end(exchange, replyBytes(codeOf(decision), replyOptions(decision)), false)
  }

  #watch(exchange: Exchange, upgrade: Promise<void>): void {
    upgrade.catch((cause: unknown) => {
      exchange.relayFailed('INTERNAL', cause)
      this.#end(exchange, replyBytes('INTERNAL'), true)
    })
  }

  #end(exchange: Exchange, last: Buffer, isFailed: boolean): void {
    this.#server.closer.end(exchange.connection.socket, last)
    exchange.finish(isFailed)
  }

  #decide(req: IncomingMessage, isUpgrade: boolean): Decision {
    const head = {
      method: req.method ?? '',
      url: req.url ?? '',
      host: req.headers.host,
      hosts: countHost(req.rawHeaders),
      isUpgrade,
    }
    return decide(head, this.#policy)
  }

  #begin(connection: Connection, decision: Decision): Exchange {
    const block = decision.kind === 'reply' ? this.#fallbackBlock : this.#blockOf(serviceOf[decision.kind])
    return new Exchange(connection, block, this.#scope)
  }

  #blockOf(type: ServiceType): CounterBlock {
    return this.#options.counters[type] ?? this.#fallbackBlock
  }

  /** Moves a connection to the service of its request; false when that has no room. */
  #enter(connection: Connection, type: ServiceType): boolean {
    if (connection.service === type) return true
    const { services } = this.#options.admissions
    const admission = services[type]
    if (admission === undefined) return true
    if (!admission.open()) return false
    if (connection.service !== null) services[connection.service]?.close()
    connection.service = type
    return true
  }

  /** RFC 9110 7.8: a server may ignore Upgrade, and what is no WebSocket is served as if it had not been asked for. */
  #canUpgrade(req: IncomingMessage): boolean {
    const { hasForward, hasReverse } = this.#policy
    return (
      (hasForward || hasReverse) && req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket'
    )
  }

  #rejected(socket: Socket): void {
    const connection = connectionOf(socket)
    if (connection !== undefined) countRejected(connection, this.#fallbackBlock)
  }
}

const codeOf = (decision: Decision): ErrorCode => (decision.kind === 'reply' ? decision.code : 'BAD_REQUEST')

function replyOptions(decision: Decision): { message?: string; headers?: string[] } {
  if (decision.kind !== 'reply') return {}
  return {
    ...(decision.message === undefined ? {} : { message: decision.message }),
    ...(decision.allow === undefined ? {} : { headers: ['Allow', decision.allow] }),
  }
}
