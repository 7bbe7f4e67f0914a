/**
 * The data plane of one instance: takes an accepted socket to its answer.
 *
 *   accept -> Entrance: ledger, PROXY header, TLS --no--> 503, closed
 *               | yes
 *   ALPN: h2 -> Streams, else -> HttpServer -> decide(head) -> service admitted? --no--> 503, closed
 *                                                                | yes
 *                                                     forward | reverse | static | reply
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type ErrorCode, errorTable } from '../../errors.ts'
import { HttpServer, type ServedSocket } from '../../http/accept/server.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { replyBytes, sendReply } from '../../http/reply/reply.ts'
import type { TrafficAnswer, TrafficQuestion, TrafficRecord } from '../../telemetry/traffic-record.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import {
  codeOf,
  createPolicy,
  type Decision,
  decide,
  type Head,
  type Policy,
  replyOptions,
  serviceOf,
} from '../decide/decide.ts'
import { asksForWebSocket, readHead, readStreamHead } from '../decide/head.ts'
import { subjectHeadersOf } from '../exchange/client-subject.ts'
import { afterRunning, type Connection, connectionOf } from '../exchange/connection.ts'
import { cutShort, endLate } from '../exchange/cut-short.ts'
import { Exchange, type ExchangeScope } from '../exchange/exchange.ts'
import { type DoorLimit, TrafficRecorder } from '../exchange/traffic.ts'
import { SocketClient } from '../exchange/tunnelling.ts'
import { Guards } from '../guard/guard.ts'
import { ClientWatch } from './client-watch.ts'
import { askConnections } from './connection-list.ts'
import type { DataPlaneOptions } from './contract.ts'
import { Entrance, refusal } from './entrance.ts'
import { answerInternal, serve } from './serve.ts'
import { ServiceContexts } from './service-contexts.ts'
import { loadServices, type Services } from './services.ts'
import { Streams } from './streams.ts'

/** Loads only the modules that the worker's services need: a static worker never loads an HTTP client. */
export async function createDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const dataPlane = new DataPlane(options)
  await dataPlane.load()
  return dataPlane
}

export class DataPlane {
  readonly #options: DataPlaneOptions
  readonly #policy: Policy
  readonly #guards: Guards
  readonly #scope: ExchangeScope
  readonly #server: HttpServer
  readonly #contexts: ServiceContexts
  readonly #watch: ClientWatch
  readonly #streams: Streams
  readonly #entrance: Entrance
  readonly #traffic: TrafficRecorder
  #services: Services = {}

  constructor(options: DataPlaneOptions) {
    this.#options = options
    const { worker, log } = options
    this.#policy = createPolicy(worker.services)
    this.#guards = new Guards(worker.services)
    this.#watch = new ClientWatch(worker.services, {
      endWaiting: ({ socket }, why) => (why === 'late' ? this.#server.expire(socket) : socket.destroy()),
      endExchange: (exchange, why) => endLate(exchange, why, this.#server.closer),
    })
    const { running } = this.#watch
    const refuse = (exchange: Exchange, code: ErrorCode) => cutShort(exchange, code, this.#server.closer)
    this.#scope = { isDraining: false, isDegraded: false, isCut: false, log, refuse, running }
    const { stateOf = () => '', exceeded = () => [] } = options
    this.#traffic = new TrafficRecorder({ stateOf, exceeded })
    this.#contexts = new ServiceContexts(options, (type) => this.#watch.boundsOf(type), this.#traffic)
    this.#server = new HttpServer({
      idleMs: this.#watch.idleMs,
      heads: this.#policy,
      onRequest: (req, res) => this.#request(req, res),
      onConnect: (req, socket, head) => this.#takeOver(req, socket, head),
      onUpgrade: (req, socket, head) => this.#takeOver(req, socket, head),
      canUpgrade: (req) => (this.#policy.hasForward || this.#policy.hasReverse) && asksForWebSocket(req),
      onRejected: (socket, code, isAnswered, id, bodyBytes) =>
        this.#contexts.rejected(connectionOf(socket), running.all, code, isAnswered, id, bodyBytes),
      newId: () => this.#guards.newId(),
      afterRunning,
    })
    this.#streams = new Streams({
      worker,
      maxConnections: options.maxConnections,
      block: this.#contexts.none.block,
      log,
      start: (connection, req, res) => this.#start(connection, readStreamHead(req, this.#policy), req, res),
    })
    const { admissions, tls = [] } = options
    this.#entrance = new Entrance({
      worker,
      materials: tls,
      admission: admissions.worker,
      services: admissions.services,
      contexts: this.#contexts,
      watch: this.#watch,
      closer: this.#server.closer,
      protocols: worker.http2.enabled ? ['h2', 'http/1.1'] : ['http/1.1'],
      onReady: (connection) => this.#startHttp(connection),
    })
  }

  /** Called once, before the first connection. */
  async load(): Promise<void> {
    const { worker, pseudonym, surroundings } = this.#options
    this.#services = await loadServices(worker.services, {
      pseudonym,
      closer: this.#server.closer,
      blockOf: (type) => this.#contexts.of(type).block,
      subjectHeaders: subjectHeadersOf(worker),
      surroundings,
    })
  }

  /** Number of admitted connections that are open. */
  get open(): number {
    return this.#watch.open
  }

  /** The failures that are kept, oldest first. */
  get failures(): readonly TrafficRecord[] {
    return this.#traffic.failed
  }

  /** Answers a question about the traffic, or closes a connection. */
  ask(question: TrafficQuestion): TrafficAnswer {
    return question.kind === 'requests' || question.kind === 'request'
      ? this.#traffic.ask(question)
      : askConnections(question, this.#watch)
  }

  /** Records a connection that was refused before `accept`. */
  refused(peer: string, limit: DoorLimit, sentBytes: number): void {
    this.#contexts.refused(peer, sentBytes, limit)
  }

  /**
   * Takes a socket accepted by listener number `at` of the worker; it may be paused with bytes waiting. `peer` is the result of `peerOf`
   * at the accept; a socket whose peer has no name must not be passed.
   */
  accept(socket: Socket, peer: string, at = 0): void {
    this.#entrance.accept(socket, peer, at)
  }

  /** Sets new certificates for listener number `at`; handshakes and connections that have begun keep theirs. */
  updateTls(at: number, material: TlsMaterial): void {
    this.#entrance.update(at, material)
  }

  /** Lets running exchanges and tunnels finish, and ends every connection after its exchange. */
  drain(): void {
    this.#scope.isDraining = true
    this.#server.closeIdle()
    void this.#streams.retire()
  }

  /** While degraded, every connection ends after its exchange. Running exchanges go on; idle upstream connections are closed. */
  setDegraded(isDegraded: boolean): void {
    this.#scope.isDegraded = isDegraded
    if (!isDegraded) return
    this.dropIdle()
    this.#services.files?.dropCaches()
  }

  /** Closes the idle upstream connections. */
  dropIdle(): void {
    this.#services.forward?.dropIdle()
    this.#services.reverse?.dropIdle()
  }

  /** Ends everything now; resolves when all is closed. */
  async close(): Promise<void> {
    this.#guards.close()
    this.#scope.isDraining = true
    this.#scope.isCut = true
    this.#watch.stop()
    this.#traffic.close()
    this.#services.forward?.close()
    this.#services.reverse?.close()
    this.#entrance.close()
    this.#server.closer.close()
    await Promise.all([this.#server.close(), this.#streams.close()])
  }

  #startHttp(connection: Connection): void {
    const { scheme, socket } = connection
    const protocol = scheme === 'https' ? (socket as TLSSocket).alpnProtocol : this.#options.cleartext
    if (protocol === 'h2') void this.#streams.accept(connection)
    else this.#server.accept(socket)
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    const connection = connectionOf(req.socket)
    if (connection === undefined) {
      res.destroy()
      return
    }
    const start = () => this.#start(connection, readHead(req, false), req, res)
    if (connection.isBusy) connection.turns.wait(start)
    else start()
  }

  #start(connection: Connection, head: Head, req: HttpRequest, res: HttpResponse): void {
    const decision = decide(head, this.#policy)
    const exchange = this.#begin(connection, decision, head, req)
    // A tunnel on a stream is followed only if it is refused.
    if (decision.kind !== 'tunnel') exchange.follow(res)
    const guard = this.#guards.of(decision)
    if (guard === null) {
      this.#answer(exchange, req, res, decision)
      return
    }
    guard.ask(exchange, req, decision, (judged) => this.#answer(exchange, req, res, judged))
  }

  #answer(exchange: Exchange, req: HttpRequest, res: HttpResponse, decision: Decision): void {
    // The stream closed while a password was compared; there will be no further event.
    if (exchange.response === null && res.destroyed) {
      exchange.blameClient()
      exchange.finish(true)
      return
    }
    const isAdmitted = this.#enter(exchange.connection, decision)
    if (decision.kind === 'tunnel' && res.tunnel !== undefined && isAdmitted) {
      this.#services.forward?.tunnel(exchange, res.tunnel, Buffer.alloc(0), decision)
      return
    }
    if (exchange.response === null) exchange.follow(res)
    if (!isAdmitted) {
      exchange.blame('OVER_LIMIT')
      const headers = ['Retry-After', '1']
      sendReply(res, 'OVER_LIMIT', { headers, close: true, requestId: exchange.shownId })
      return
    }
    try {
      serve(this.#services, exchange, req, res, decision)
    } catch (cause) {
      answerInternal(exchange, res, cause)
    }
  }

  /** Takes the socket of a CONNECT or an upgrade over from the HTTP server. */
  #takeOver(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const connection = connectionOf(socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    if (!connection.isBusy) {
      this.#switch(connection, req, head)
      return
    }
    // node:http has detached its listeners, but the answers before this one still wait for 'drain'.
    socket.on('drain', () => (socket as ServedSocket)._httpMessage?.emit('drain'))
    connection.turns.waitLast(() => this.#switch(connection, req, head))
  }

  #switch(connection: Connection, req: IncomingMessage, first: Buffer): void {
    connection.isHttp = false
    const head = readHead(req, req.method !== 'CONNECT')
    const decision = decide(head, this.#policy)
    const exchange = this.#begin(connection, decision, head, req)
    const guard = this.#guards.of(decision)
    if (guard === null) this.#connect(exchange, req, first, decision)
    else guard.ask(exchange, req, decision, (judged) => this.#connect(exchange, req, first, judged))
  }

  #connect(exchange: Exchange, req: IncomingMessage, first: Buffer, decision: Decision): void {
    const { connection } = exchange
    const { socket } = connection
    if (!this.#enter(connection, decision)) {
      this.#end(exchange, 'OVER_LIMIT', true, refusal)
      return
    }
    const { forward, reverse } = this.#services
    if (decision.kind === 'tunnel' && forward)
      forward.tunnel(exchange, new SocketClient(req, socket, this.#server.closer), first, decision)
    else if (decision.kind === 'forward' && forward)
      this.#guard(exchange, forward.upgrade(exchange, req, socket, first, decision))
    else if (decision.kind === 'reverse' && reverse)
      this.#guard(exchange, reverse.upgrade(exchange, req, socket, first, decision))
    else {
      const code = codeOf(decision)
      const options = { ...replyOptions(decision, exchange), accept: req.headers.accept }
      this.#end(exchange, code, false, replyBytes(code, options))
    }
  }

  #guard(exchange: Exchange, upgrade: Promise<void>): void {
    upgrade.catch((cause: unknown) => {
      exchange.relayFailed('INTERNAL', cause)
      this.#end(exchange, 'INTERNAL', true)
    })
  }

  #end(exchange: Exchange, code: ErrorCode, isFailed: boolean, last = replyBytes(code)): void {
    exchange.blame(code)
    exchange.status = errorTable[code].status
    exchange.replied(last)
    this.#server.closer.end(exchange.connection.socket, last)
    exchange.finish(isFailed)
  }

  #begin(connection: Connection, decision: Decision, head: Head, req: HttpRequest): Exchange {
    const context = this.#contexts.of(decision.kind === 'reply' ? null : serviceOf(decision))
    const route = this.#contexts.routeOf(decision)
    const exchange = new Exchange(connection, head, req.headers, context, route, this.#scope)
    this.#guards.identify(exchange, req, decision)
    context.tracer?.begin(exchange, req.headers, decision)
    return exchange
  }

  #enter(connection: Connection, decision: Decision): boolean {
    const type = serviceOf(decision)
    if (decision.kind === 'reply' || type === null) return true
    return connection.enter(type, this.#options.admissions.services)
  }
}
