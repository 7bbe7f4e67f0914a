/**
 * WebSocket upgrades through http-proxy-3. The connection switches only after the origin's 101; any other
 * answer is relayed, and then the connection ends.
 *
 *   dialling --101--> a tunnel (tunnel.ts)
 *      |--another answer--> relayed, over
 *      |--refused, no answer in time--> 502 | 504, over
 *      '--the client leaves--> over
 */
import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http'
import type { Socket } from 'node:net'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'
import { BifrostError } from '../../errors.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import type { Gate } from '../dial/gate.ts'
import { type GuardedAgent, guardedAgent } from '../dial/guarded-agent.ts'
import { failureCode } from '../failure.ts'
import { hasOtherCoding, responseHeaders, upgradeOf } from '../fields/headers.ts'
import type { Reclaimer } from '../reclaim.ts'
import { breakOff } from '../reply/break-off.ts'
import { bodyLength, type Closer, httpDate, replyBytes } from '../reply/reply.ts'
import { Tunnel, type TunnelEnd } from './tunnel.ts'
import { WaitingClient } from './waiting-client.ts'

export interface UpgradeOptions {
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat, from `requestHeaders`. */
  readonly headers: readonly string[]
  readonly pseudonym: string
  /** The request id shown to the client; null if there is none. */
  readonly shownId: string | null
  readonly connectMs: number
  /** Longest wait for the origin's answer. */
  readonly responseMs: number
  readonly idleMs: number
  /** 0: unlimited. */
  readonly maxTunnelMs: number
  readonly closer: Closer
  /** Checks the destination; null if the operator chose the target. */
  readonly gate: Gate | null
  readonly reclaimer: Reclaimer
  /** Counts the tunnelled bytes. */
  readonly counters: CounterBlock
  /** The connection to the origin is established. */
  readonly onConnected: (upstream: Socket) => void
  /** `bodyBytes`: size of the error response's body. */
  readonly onFailed: (error: BifrostError, bodyBytes: number) => void
  /** The origin has answered; after a 101 the connection is a tunnel. */
  readonly onAnswered: (status: number) => void
  /** Body bytes of an answer other than 101 are sent to the client. */
  readonly onBody: (bytes: number) => void
  /** The client's socket is closed or closing. */
  readonly onEnd: (reason: TunnelEnd) => void
}

/** Maximum informational responses per handshake; each is written without backpressure. */
const maxInformed = 16

export class Upgrader {
  readonly #proxy: ProxyServer = createProxyServer({ xfwd: false, changeOrigin: false, secure: true })

  constructor() {
    // Every call has its own error callback, but without a listener the package throws.
    this.#proxy.on('error', ignore)
  }

  /** Takes over the client's socket; every outcome ends in `onEnd`. */
  run(req: IncomingMessage, socket: Socket, head: Buffer, options: UpgradeOptions): void {
    const attempt = new Attempt(socket, req.headers.accept, options)
    const guard = options.gate === null ? null : guardedAgent(options.origin, options.gate)
    const refusal = guard?.refusal ?? null
    if (refusal !== null) {
      attempt.fail(refusal)
      return
    }
    this.#proxy.once('proxyReqWs', (proxyReq) => attempt.prepare(proxyReq, guard))
    req.headers = { ...toRecord(options.headers), connection: 'Upgrade', upgrade: 'websocket' }
    // The package parses this as a URL, which may throw; `prepare` sets the real path.
    req.url = '/'
    try {
      this.#proxy.ws(
        req,
        socket,
        head,
        { target: options.origin, connectTimeout: options.connectMs, agent: guard?.agent },
        (error: Error) => attempt.fail(error),
      )
      attempt.begin()
    } catch (error) {
      this.#proxy.removeAllListeners('proxyReqWs')
      attempt.fail(error)
    }
  }
}

class Attempt {
  readonly #socket: Socket
  readonly #accept: string | undefined
  readonly #options: UpgradeOptions
  #timer: NodeJS.Timeout | null = null
  #request: ClientRequest | null = null
  #waiting: WaitingClient | null = null
  #informed = 0
  #isSettled = false
  #isJoined = false
  #end: TunnelEnd = 'client'

  constructor(socket: Socket, accept: string | undefined, options: UpgradeOptions) {
    this.#socket = socket
    this.#accept = accept
    this.#options = options
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      // After the switch the tunnel reports the end.
      if (this.#isJoined) return
      this.#settle()
      this.#request?.destroy()
      options.onEnd(this.#end)
    })
  }

  /** Runs before the head is sent, and before the package adds its own listeners. */
  prepare(request: ClientRequest, guard: GuardedAgent | null): void {
    this.#request = request
    // The package normalises the path; the origin must see the client's bytes.
    request.path = this.#options.path
    request.on('socket', (upstream) =>
      upstream.once('connect', () => {
        const refused = guard?.refusePeer(upstream) ?? null
        if (refused === null) this.#options.onConnected(upstream)
        else this.fail(refused)
      }),
    )
    request.on('information', (information) => this.#inform(information))
  }

  /** Runs after the package has added its listeners. */
  begin(): void {
    const request = this.#request
    if (request === null) return
    // The package relays an ordinary answer without backpressure and does not notice a premature end.
    request.removeAllListeners('response')
    request.on('response', (answer: IncomingMessage) => this.#relay(answer))
    // On a switch the package writes the head as UTF-8 with another reason, and joins the sockets without
    // bounds.
    request.removeAllListeners('upgrade')
    request.on('upgrade', (answer, upstream, first) => this.#open(answer, upstream as Socket, first))
    this.#waiting = new WaitingClient(this.#socket)
    this.#timer = setTimeout(
      () => this.fail(new BifrostError('UPSTREAM_TIMEOUT')),
      this.#options.responseMs + this.#options.connectMs,
    )
  }

  fail(cause: unknown): void {
    if (!this.#settle()) {
      this.#socket.destroySoon()
      return
    }
    this.#waiting?.release()
    const code = failureCode(cause)
    const answer = replyBytes(code, { accept: this.#accept, requestId: this.#options.shownId })
    this.#options.onFailed(new BifrostError(code, undefined, { cause }), bodyLength(answer))
    this.#request?.destroy()
    this.#options.closer.end(this.#socket, answer)
  }

  #open(answer: IncomingMessage, upstream: Socket, first: Buffer): void {
    const protocol = answer.headers.upgrade
    // RFC 9110 7.8: the origin must not switch to a protocol that the client did not offer.
    if (protocol?.toLowerCase() !== 'websocket') {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'the upstream switched to another protocol'))
      upstream.destroy()
      return
    }
    if (!this.#settle() || this.#socket.destroyed) {
      upstream.destroy()
      return
    }
    const client = this.#socket
    const { counters, reclaimer, idleMs, maxTunnelMs } = this.#options
    this.#options.onAnswered(101)
    this.#isJoined = true
    this.#writeHead(answer, ['Connection', 'Upgrade', 'Upgrade', protocol])
    if (first.length > 0) client.write(first)
    count(counters, 'tunnelBytesSent', first.length)
    for (const chunk of this.#waiting?.release() ?? []) {
      upstream.write(chunk)
      count(counters, 'tunnelBytesReceived', chunk.length)
    }
    // node:http's client ends its side on the upstream's FIN; a tunnel passes the FIN on instead.
    upstream.allowHalfOpen = true
    upstream.setNoDelay(true)
    upstream.setKeepAlive(true)
    new Tunnel(client, upstream, { idleMs, maxTunnelMs, reclaimer, counters, onEnd: this.#options.onEnd })
  }

  /**
   * Forwards informational responses (RFC 9110 15.2), except the answer to an Expect that this proxy sent.
   */
  #inform({ statusCode, statusMessage, rawHeaders }: InformationEvent): void {
    this.#waiting?.moved()
    if (this.#isSettled || statusCode === 100) return
    this.#informed += 1
    if (this.#informed > maxInformed) {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'too many informational responses'))
      return
    }
    const fields = responseHeaders(rawHeaders, this.#options.pseudonym)
    this.#socket.write(headText(statusCode, statusMessage, fields), 'latin1')
  }

  #writeHead({ statusCode = 502, statusMessage = '', rawHeaders }: IncomingMessage, more: string[]): void {
    const fields = responseHeaders(rawHeaders, this.#options.pseudonym, this.#options.shownId)
    this.#socket.write(headText(statusCode, statusMessage, [...fields, ...more]), 'latin1')
  }

  #relay(answer: IncomingMessage): void {
    if (answer.statusCode === 101) {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'the upstream switched without naming a protocol'))
      return
    }
    if (hasOtherCoding(answer.rawHeaders)) {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'the response has a transfer coding other than chunked'))
      return
    }
    if (!this.#settle()) {
      answer.destroy()
      return
    }
    const client = this.#socket
    const { statusCode = 502, rawHeaders } = answer
    this.#options.onAnswered(statusCode)
    const more = answer.headers.date === undefined ? ['Date', httpDate()] : []
    const protocols = statusCode === 426 ? upgradeOf(rawHeaders) : ''
    // A body without a length ends with the connection (RFC 9112 6.3), and this connection ends in any case.
    more.push('Connection', protocols === '' ? 'close' : 'close, Upgrade')
    if (protocols !== '') more.push('Upgrade', protocols)
    this.#writeHead(answer, more)
    answer.on('data', (chunk: Buffer) => {
      this.#waiting?.moved()
      this.#options.onBody(chunk.length)
      if (!client.write(chunk)) answer.pause()
    })
    client.on('drain', () => answer.resume())
    client.setTimeout(this.#options.idleMs, () => {
      this.#end = 'idle'
      client.destroy()
    })
    answer.on('end', () => {
      this.#waiting?.release()
      this.#end = 'done'
      this.#options.closer.end(client, Buffer.alloc(0))
    })
    // A premature end must not look like the end of the body.
    answer.on('error', () => {
      this.#end = 'upstream'
      breakOff(client)
    })
  }

  #settle(): boolean {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#isSettled) return false
    this.#isSettled = true
    return true
  }
}

/** A response head, to be written as latin1 so that the bytes of a field stay unchanged. */
function headText(status: number, reason: string, fields: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return `${text}\r\n`
}

function toRecord(fields: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null)
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    const value = fields[at + 1] as string
    const before = record[name]
    record[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return record
}

const ignore = (): void => {}
