/**
 * WebSocket upgrades. The connection switches only after the origin's 101; any other answer is relayed, and then
 * the connection ends.
 *
 *   dialling --101--> a tunnel (tunnel.ts)
 *      |--another answer--> relayed, over
 *      |--refused, no answer in time--> 502 | 504, over
 *      '--the client leaves--> over
 */
import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http'
import type { Socket } from 'node:net'
import { BifrostError } from '../../errors.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import { add, cell } from '../../telemetry/metrics/counters.ts'
import type { CoarseClock, Timed } from '../clock.ts'
import type { Gate } from '../dial/gate.ts'
import { type GuardedAgent, guardedAgent } from '../dial/guarded-agent.ts'
import { failureCode } from '../failure.ts'
import { hasOtherCoding, responseHeaders, upgradeOf } from '../fields/headers.ts'
import { fieldOf } from '../fields/lookup.ts'
import type { HttpRequest } from '../message/message.ts'
import type { Closer } from '../reply/closer.ts'
import { bodyLength, httpDate, replyBytes } from '../reply/reply.ts'
import type { Transport } from '../transport/transport.ts'
import { transportOf } from '../transport/transport-of.ts'
import { Handshakes } from './handshake.ts'
import { Tunnel, type TunnelEnd, type TunnelOwner } from './tunnel.ts'
import { WaitingClient, type WaitOwner } from './waiting-client.ts'

export interface UpgradeOptions {
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat, from `requestHeaders`. */
  readonly headers: readonly string[]
  readonly pseudonym: string
  /** The request id shown to the client, or null. */
  readonly shownId: string | null
  readonly connectMs: number
  /** Longest wait for the origin's answer. */
  readonly responseMs: number
  readonly idleMs: number
  /** 0: unlimited. */
  readonly maxTunnelMs: number
  /** How long a client that has sent FIN is kept without a byte; 0: as long as the answer may take. */
  readonly halfClosedMs: number
  readonly clock: CoarseClock
  readonly closer: Closer
  /** Checks the destination; null if the operator chose the target. */
  readonly gate: Gate | null
  /** Counts the tunnelled bytes. */
  readonly counters: CounterBlock
}

/** Learns what becomes of an upgrade. The last call is `failed` or `tunnelEnded`. */
export interface UpgradeOwner extends TunnelOwner {
  /** The connection to the origin is established. */
  connected(upstream: Socket): void
  /** An error response is sent; `bodyBytes` is the size of its body. */
  failed(error: BifrostError, bodyBytes: number): void
  /** The origin has answered; after a 101 the connection is a tunnel. */
  answered(status: number): void
  /** Body bytes of an answer other than 101 are sent to the client. */
  relayed(bytes: number): void
}

/** Maximum informational responses per handshake; each is written without backpressure. */
const maxInformed = 16

export class Upgrader {
  readonly #handshakes = new Handshakes()

  /** Takes over the client; `early` holds what it sent after its request. */
  run(
    request: HttpRequest,
    client: Transport,
    early: Buffer,
    options: UpgradeOptions,
    owner: UpgradeOwner,
  ): void {
    const accept = fieldOf(request.fields, 'accept')
    new Attempt(client, early, accept, options, owner).begin(this.#handshakes)
  }
}

class Attempt implements Timed, WaitOwner {
  place = -1
  readonly #client: Transport
  readonly #accept: string | undefined
  readonly #options: UpgradeOptions
  readonly #owner: UpgradeOwner
  readonly #waiting: WaitingClient
  #request: ClientRequest | null = null
  /** The answer that is being relayed. */
  #answer: IncomingMessage | null = null
  /** Tick of the start, or of the latest byte of the answer. */
  #movedAt: number
  #informed = 0
  /** The origin has answered, or it failed, or the client has left. */
  #isSettled = false
  #end: TunnelEnd = 'client'

  constructor(
    client: Transport,
    early: Buffer,
    accept: string | undefined,
    options: UpgradeOptions,
    owner: UpgradeOwner,
  ) {
    const { clock, halfClosedMs } = options
    this.#client = client
    this.#accept = accept
    this.#options = options
    this.#owner = owner
    this.#movedAt = clock.tick
    this.#waiting = new WaitingClient(client, early, this, clock, halfClosedMs)
  }

  begin(handshakes: Handshakes): void {
    const { origin, gate, clock } = this.#options
    const guard = guardedAgent(origin, gate)
    if (guard.refusal !== null) {
      this.#fail(guard.refusal)
      return
    }
    clock.add(this)
    try {
      const request = handshakes.start({ ...this.#options, agent: guard.agent }, (error) => this.#fail(error))
      this.#request = request
      request.on('socket', (upstream) => upstream.once('connect', () => this.#connected(upstream, guard)))
      request.on('information', (information) => this.#inform(information))
      request.on('response', (answer) => this.#relay(answer))
      request.on('upgrade', (answer, upstream, first) => this.#open(answer, upstream as Socket, first))
    } catch (error) {
      this.#fail(error)
    }
  }

  look(): void {
    const { clock, connectMs, responseMs, idleMs } = this.#options
    if (this.#answer === null) {
      if (clock.isOver(this.#movedAt, connectMs + responseMs))
        this.#fail(new BifrostError('UPSTREAM_TIMEOUT'))
    } else if (clock.isOver(this.#movedAt, idleMs)) {
      this.#end = 'idle'
      this.#client.close()
    }
  }

  clientLeft(): void {
    this.#isSettled = true
    this.#options.clock.delete(this)
    this.#request?.destroy()
    this.#owner.tunnelEnded(this.#end)
  }

  clientDrained(): void {
    this.#moved()
    this.#answer?.resume()
  }

  #connected(upstream: Socket, guard: GuardedAgent): void {
    const refused = guard.refusePeer(upstream)
    if (refused !== null) this.#fail(refused)
    else if (!this.#isSettled) this.#owner.connected(upstream)
  }

  #fail(cause: unknown): void {
    if (!this.#settle()) return
    this.#options.clock.delete(this)
    this.#waiting.release()
    const code = failureCode(cause)
    const answer = replyBytes(code, { accept: this.#accept, requestId: this.#options.shownId })
    this.#owner.failed(new BifrostError(code, undefined, { cause }), bodyLength(answer))
    this.#request?.destroy()
    this.#options.closer.end(this.#client, answer)
  }

  #open(answer: IncomingMessage, socket: Socket, first: Buffer): void {
    const protocol = answer.headers.upgrade
    // RFC 9110 7.8: the origin must not switch to a protocol that the client did not offer.
    if (protocol?.toLowerCase() !== 'websocket') {
      this.#fail(new BifrostError('UPSTREAM_BROKEN', 'the upstream switched to another protocol'))
      socket.destroy()
      return
    }
    if (!this.#settle()) {
      socket.destroy()
      return
    }
    const { counters, clock } = this.#options
    clock.delete(this)
    // node:http's client ends its side on the upstream's FIN; a tunnel passes the FIN on instead.
    socket.allowHalfOpen = true
    const upstream = transportOf(socket, first)
    upstream.setNoDelay()
    upstream.setKeepAlive()
    this.#client.setNoDelay()
    this.#owner.answered(101)
    this.#writeHead(answer, ['Connection', 'Upgrade', 'Upgrade', protocol])
    for (const piece of this.#waiting.release()) {
      upstream.write(piece)
      add(counters, cell.tunnelBytesReceived, piece.length)
    }
    new Tunnel(this.#client, upstream, this.#options, counters, this.#owner)
  }

  /**
   * Forwards informational responses (RFC 9110 15.2), except the answer to an Expect that this proxy sent.
   */
  #inform({ statusCode, statusMessage, rawHeaders }: InformationEvent): void {
    this.#waiting.moved()
    if (this.#isSettled || statusCode === 100) return
    this.#informed += 1
    if (this.#informed > maxInformed) {
      this.#fail(new BifrostError('UPSTREAM_BROKEN', 'too many informational responses'))
      return
    }
    const fields = responseHeaders(rawHeaders, this.#options.pseudonym)
    this.#client.write(headText(statusCode, statusMessage, fields))
  }

  #writeHead({ statusCode = 502, statusMessage = '', rawHeaders }: IncomingMessage, more: string[]): void {
    const fields = responseHeaders(rawHeaders, this.#options.pseudonym, this.#options.shownId)
    this.#client.write(headText(statusCode, statusMessage, [...fields, ...more]))
  }

  #relay(answer: IncomingMessage): void {
    const fault = faultOf(answer)
    if (fault !== null) {
      this.#fail(new BifrostError('UPSTREAM_BROKEN', fault))
      return
    }
    if (!this.#settle()) {
      answer.destroy()
      return
    }
    const { statusCode = 502, rawHeaders } = answer
    this.#answer = answer
    this.#moved()
    this.#owner.answered(statusCode)
    const more = answer.headers.date === undefined ? ['Date', httpDate()] : []
    const protocols = statusCode === 426 ? upgradeOf(rawHeaders) : ''
    // A body without a length ends with the connection (RFC 9112 6.3), and this connection ends in any case.
    more.push('Connection', protocols === '' ? 'close' : 'close, Upgrade')
    if (protocols !== '') more.push('Upgrade', protocols)
    this.#writeHead(answer, more)
    answer.on('data', (piece: Buffer) => {
      this.#moved()
      this.#owner.relayed(piece.length)
      if (!this.#client.write(piece)) answer.pause()
    })
    answer.on('end', () => {
      this.#options.clock.delete(this)
      this.#waiting.release()
      this.#options.closer.end(this.#client, '')
      this.#owner.tunnelEnded('done')
    })
    // A premature end must not look like the end of the body (RFC 9112 9.8).
    answer.on('error', () => {
      this.#end = 'upstream'
      this.#client.reset()
    })
  }

  #moved(): void {
    this.#movedAt = this.#options.clock.tick
    this.#waiting.moved()
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    return true
  }
}

/** Why an answer other than a switch cannot be relayed; null if it can. */
function faultOf({ statusCode, rawHeaders }: IncomingMessage): string | null {
  if (statusCode === 101) return 'the upstream switched without naming a protocol'
  return hasOtherCoding(rawHeaders) ? 'the response has a transfer coding other than chunked' : null
}

/** A response head; written as latin1, so that the bytes of a field stay unchanged. */
function headText(status: number, reason: string, fields: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return `${text}\r\n`
}
