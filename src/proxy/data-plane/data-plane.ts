/**
 * The data plane of one instance: takes an accepted socket to its answer.
 *
 *   accept -> Entrance: ledger, PROXY header, TLS --no--> 503, closed
 *               | yes
 *   ALPN: h2 -> Streams, else -> ServerConnection -> decide(head) -> service admitted? --no--> 503, closed
 *                                                                | yes
 *                                                     forward | reverse | static | reply
 */
import type { Socket } from 'node:net'
import { type ErrorCode, errorTable } from '../../errors.ts'
import { CoarseClock } from '../../http/clock.ts'
import type { H2Response } from '../../http/h2/message.ts'
import type { H2Request } from '../../http/h2/request.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import { Closer } from '../../http/reply/closer.ts'
import { replyBytes, sendReply } from '../../http/reply/reply.ts'
import type { Transport } from '../../http/transport/transport.ts'
import { ServerConnection } from '../../http/wire/server/connection.ts'
import type { ServerSettings } from '../../http/wire/server/contract.ts'
import type { ServerRequest } from '../../http/wire/server/request.ts'
import type { ServerResponse } from '../../http/wire/server/response.ts'
import { Turns } from '../../http/wire/server/turns.ts'
import { requestField } from '../../telemetry/request-field.ts'
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
import type { Connection } from '../exchange/connection.ts'
import { cutShort, endLate } from '../exchange/cut-short.ts'
import { Exchange, type ExchangeScope } from '../exchange/exchange.ts'
import type { HandedOver } from '../exchange/handed-over.ts'
import { type DoorLimit, TrafficRecorder } from '../exchange/traffic.ts'
import { SocketClient } from '../exchange/tunnelling.ts'
import { Guards } from '../guard/guard.ts'
import { ClientRequests } from './client-requests.ts'
import { ClientWatch, shortestMs } from './client-watch.ts'
import { askConnections } from './connection-list.ts'
import type { DataPlaneOptions } from './contract.ts'
import { Entrance, refusal } from './entrance.ts'
import { answerInternal, serve } from './serve.ts'
import { ServiceContexts } from './service-contexts.ts'
import { loadServices, type Services } from './services.ts'
import { Streams } from './streams.ts'

/** After a drain has begun, a client that has only just connected may still send its request. */
const firstRequestMs = 1_000

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
  readonly #clock: CoarseClock
  readonly #closer: Closer
  readonly #turns = new Turns()
  readonly #http: ServerSettings
  readonly #contexts: ServiceContexts
  readonly #watch: ClientWatch
  readonly #streams: Streams
  readonly #entrance: Entrance
  readonly #traffic: TrafficRecorder
  #services: Services = {}
  #lateIdle: NodeJS.Timeout | undefined

  constructor(options: DataPlaneOptions) {
    this.#options = options
    const { worker, log } = options
    this.#policy = createPolicy(worker.services)
    this.#guards = new Guards(worker.services)
    this.#clock = new CoarseClock(shortestMs(worker.services))
    this.#closer = new Closer(this.#clock)
    const closer = this.#closer
    this.#watch = new ClientWatch(worker.services, this.#clock, {
      endExchange: (exchange, why) => endLate(exchange, why, closer),
    })
    const { running } = this.#watch
    const refuse = (exchange: Exchange, code: ErrorCode) => cutShort(exchange, code, closer)
    this.#scope = { isDraining: false, isDegraded: false, isCut: false, log, refuse, running }
    const { stateOf = () => '', exceeded = () => [] } = options
    this.#traffic = new TrafficRecorder({ stateOf, exceeded })
    this.#contexts = new ServiceContexts(options, (type) => this.#watch.boundsOf(type), this.#traffic)
    const { hasForward, hasReverse } = this.#policy
    this.#http = {
      heads: this.#policy,
      keepAliveSecs: Math.floor(this.#watch.idleMs / 1000),
      turns: this.#turns,
      closer,
      takesOver: (head) => (hasForward || hasReverse) && asksForWebSocket(head),
    }
    this.#streams = new Streams({
      worker,
      maxConnections: options.maxConnections,
      block: this.#contexts.none.block,
      log,
      start: (connection, req, res) => this.#startStream(connection, req, res),
    })
    const { admissions, tls = [] } = options
    this.#entrance = new Entrance({
      worker,
      materials: tls,
      admission: admissions.worker,
      services: admissions.services,
      contexts: this.#contexts,
      watch: this.#watch,
      closer,
      protocols: worker.http2.enabled ? ['h2', 'http/1.1'] : ['http/1.1'],
      isCleartextH2: options.cleartext === 'h2',
      onHttp1: (connection) => this.#startHttp1(connection),
      onHttp2: (connection, socket) => void this.#streams.accept(connection, socket),
    })
  }

  /** Called once, before the first connection. */
  async load(): Promise<void> {
    const { worker, pseudonym, surroundings } = this.#options
    this.#services = await loadServices(worker.services, {
      pseudonym,
      closer: this.#closer,
      clock: this.#clock,
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
   * Takes a connection accepted by listener number `at` of the worker. `peer` is the result of `peerOf` at the
   * accept; a connection whose peer has no name must not be passed.
   */
  accept(accepted: Transport | Socket, peer: string, at = 0): void {
    this.#turns.accepted()
    this.#entrance.accept(accepted, peer, at)
  }

  /** Goes on with a connection that `Connection.handOver` of another instance has given away. */
  receive(from: HandedOver): void {
    this.#entrance.receive(from)
  }

  /** Gives away up to `most` connections, of those that can be (`Connection.handOver`). They no longer count here. */
  handOver(most: number): HandedOver[] {
    const given: HandedOver[] = []
    for (const connection of [...this.#watch.connections.all]) {
      if (given.length >= most) break
      const one = connection.handOver()
      if (one !== null) given.push(one)
    }
    return given
  }

  /** Sets new certificates for listener number `at`; handshakes and connections that have begun keep theirs. */
  updateTls(at: number, material: TlsMaterial): void {
    this.#entrance.update(at, material)
  }

  /** Lets running exchanges and tunnels finish, and ends every connection after its exchange. */
  drain(): void {
    this.#scope.isDraining = true
    this.#watch.retire()
    clearTimeout(this.#lateIdle)
    this.#lateIdle = setTimeout(() => this.#watch.closeSilent(), firstRequestMs)
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
    clearTimeout(this.#lateIdle)
    this.#traffic.close()
    this.#services.forward?.close()
    this.#services.reverse?.close()
    this.#entrance.close()
    this.#closer.close()
    await Promise.all([this.#watch.closeAll(), this.#streams.close()])
    this.#clock.close()
  }

  /** For `ClientRequests` only. */
  request(connection: Connection, request: ServerRequest, response: ServerResponse): void {
    this.#start(connection, readHead(request.head, false), request, response, request.waitedMs)
  }

  /** For `ClientRequests` only: a CONNECT or an upgrade takes the connection over. */
  takeOver(connection: Connection, request: ServerRequest): void {
    const head = readHead(request.head, request.method !== 'CONNECT')
    const decision = decide(head, this.#policy)
    const exchange = this.#begin(connection, decision, head, request, request.waitedMs)
    const guard = this.#guards.of(decision)
    if (guard === null) this.#connect(exchange, request, decision)
    else guard.ask(exchange, request, decision, (judged) => this.#connect(exchange, request, judged))
  }

  /** For `ClientRequests` only: answers a connection that sent no valid head; null if it cannot be answered. */
  rejected(connection: Connection, code: ErrorCode, canAnswer: boolean): Buffer | null {
    if (!canAnswer) {
      this.#contexts.rejected(connection, code, false, null, null)
      return null
    }
    const { requestId, shownId } = this.#guards.newId()
    const answer = replyBytes(code, { requestId: shownId })
    this.#contexts.rejected(connection, code, true, requestId, answer)
    return answer
  }

  /** For `ClientRequests` only: the body of a running request is broken. */
  malformed(response: ServerResponse): void {
    const exchange = response.owner
    if (!(exchange instanceof Exchange)) {
      response.abort()
      return
    }
    exchange.blame('BAD_REQUEST')
    exchange.work?.clientClosed()
    if (response.isHeadSent) response.abort()
    else exchange.refuse('BAD_REQUEST')
  }

  #startHttp1(connection: Connection): void {
    const requests = new ClientRequests(connection, this)
    const { transport, hasAsked } = connection
    connection.http = new ServerConnection(transport, this.#http, requests, hasAsked)
  }

  #startStream(connection: Connection, req: H2Request, res: H2Response): void {
    this.#start(connection, readStreamHead(req, this.#policy), req, res, 0)
  }

  #start(connection: Connection, head: Head, req: HttpRequest, res: HttpResponse, waitedMs: number): void {
    const decision = decide(head, this.#policy)
    const exchange = this.#begin(connection, decision, head, req, waitedMs)
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
    if (exchange.response === null && res.isClosed) {
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

  #connect(exchange: Exchange, request: ServerRequest, decision: Decision): void {
    const { connection } = exchange
    const { transport } = connection
    if (!this.#enter(connection, decision)) {
      this.#end(exchange, 'OVER_LIMIT', true, refusal)
      return
    }
    const { forward, reverse } = this.#services
    const early = this.#release(connection)
    if (decision.kind === 'tunnel' && forward)
      forward.tunnel(
        exchange,
        new SocketClient(request, transport, this.#closer, exchange.bounds.halfClosedMs),
        early,
        decision,
      )
    else if (decision.kind === 'forward' && forward)
      this.#guard(exchange, forward.upgrade(exchange, request, transport, early, decision))
    else if (decision.kind === 'reverse' && reverse)
      this.#guard(exchange, reverse.upgrade(exchange, request, transport, early, decision))
    else {
      const code = codeOf(decision)
      const options = { ...replyOptions(decision, exchange), accept: requestField(request.fields, 'accept') }
      this.#end(exchange, code, false, replyBytes(code, options))
    }
  }

  /** Takes the connection from HTTP, with the bytes that followed the head. */
  #release(connection: Connection): Buffer {
    // The next owner goes on reading; until then nothing may arrive.
    connection.transport.pause()
    const early = connection.http?.release() ?? Buffer.alloc(0)
    connection.http = null
    return early
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
    this.#release(exchange.connection)
    this.#closer.end(exchange.connection.transport, last)
    exchange.finish(isFailed)
  }

  #begin(
    connection: Connection,
    decision: Decision,
    head: Head,
    req: HttpRequest,
    waitedMs: number,
  ): Exchange {
    const context = this.#contexts.of(decision.kind === 'reply' ? null : serviceOf(decision))
    const route = this.#contexts.routeOf(decision)
    const exchange = new Exchange(connection, head, req.fields, waitedMs, context, route, this.#scope)
    this.#guards.identify(exchange, req, decision)
    context.tracer?.begin(exchange, req.fields, decision)
    return exchange
  }

  #enter(connection: Connection, decision: Decision): boolean {
    const type = serviceOf(decision)
    if (decision.kind === 'reply' || type === null) return true
    return connection.enter(type, this.#options.admissions.services)
  }
}
