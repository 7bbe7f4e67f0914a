/**
 * Upgrade: websocket, by http-proxy-3. Switched only after the origin's 101; any other answer is relayed and the
 * connection ends with it.
 *
 *   dialling --101--> joined --either side closes, idle, lifetime--> over
 *      |--another answer--> relayed, over
 *      '--refused, no answer in time--> 502 | 504, over
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'
import { BifrostError } from '../errors.ts'
import { type CounterBlock, count } from '../telemetry/counters.ts'
import { breakOff } from './break-off.ts'
import { failureCode } from './failure.ts'
import { hasOtherCoding, responseHeaders } from './headers.ts'
import { bodyLength, type Closer, replyBytes } from './reply.ts'
import type { TunnelEnd } from './tunnel.ts'

export interface UpgradeOptions {
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat, as made by `requestHeaders`. */
  readonly headers: readonly string[]
  readonly pseudonym: string
  /** The request id that the client is shown; null for none. */
  readonly shownId: string | null
  readonly connectMs: number
  /** Longest wait for the origin's answer. */
  readonly responseMs: number
  readonly idleMs: number
  /** 0 = no bound. */
  readonly lifetimeMs: number
  readonly closer: Closer
  /** Counts what goes through the tunnel. */
  readonly counters: CounterBlock
  /** The connection to the origin is there. */
  readonly onConnected: (upstream: Socket) => void
  /** With the bytes of the body that answers it. */
  readonly onFailed: (error: BifrostError, bodyBytes: number) => void
  /** The origin has answered; with 101 the connection is now a tunnel. */
  readonly onAnswered: (status: number) => void
  /** Bytes of the body of another answer go to the client. */
  readonly onBody: (bytes: number) => void
  /** The client's socket is closed; `done` also for a websocket that one side has simply closed. */
  readonly onEnd: (reason: TunnelEnd) => void
}

/** How long a side that was told to end may take to do so. */
const endMs = 5_000

export class Upgrader {
  readonly #proxy: ProxyServer = createProxyServer({ xfwd: false, changeOrigin: false, secure: true })

  constructor() {
    // Each call has its own error callback; without any listener the package would throw.
    this.#proxy.on('error', ignore)
  }

  /** Takes the client's socket over; every outcome ends in `onEnd`. */
  run(req: IncomingMessage, socket: Socket, head: Buffer, options: UpgradeOptions): void {
    const attempt = new Attempt(socket, req.headers.accept, options)
    this.#proxy.once('proxyReqWs', (proxyReq) => attempt.prepare(proxyReq))
    req.headers = { ...toRecord(options.headers), connection: 'Upgrade', upgrade: 'websocket' }
    // The package parses it as a URL, which may throw; `prepare` sets the real path.
    req.url = '/'
    try {
      this.#proxy.ws(
        req,
        socket,
        head,
        { target: options.origin, connectTimeout: options.connectMs },
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
  #isSettled = false
  #end: TunnelEnd = 'client'

  constructor(socket: Socket, accept: string | undefined, options: UpgradeOptions) {
    this.#socket = socket
    this.#accept = accept
    this.#options = options
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#settle()
      this.#request?.destroy()
      options.onEnd(this.#end)
    })
  }

  /** Runs before the head is sent, and before the package adds its own listeners. */
  prepare(request: ClientRequest): void {
    this.#request = request
    // The package sends a normalised path; an origin must see the client's bytes.
    request.path = this.#options.path
    request.on('socket', (upstream) => upstream.once('connect', () => this.#options.onConnected(upstream)))
    request.prependListener('upgrade', (answer, upstream) => this.#open(answer, upstream))
  }

  /** Runs after the package has added its listeners. */
  begin(): void {
    const request = this.#request
    if (request === null) return
    // Its own relay of an ordinary answer has no backpressure and does not notice a premature end.
    request.removeAllListeners('response')
    request.on('response', (answer: IncomingMessage) => this.#relay(answer))
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
    const code = failureCode(cause)
    const answer = replyBytes(code, { accept: this.#accept, requestId: this.#options.shownId })
    this.#options.onFailed(new BifrostError(code, undefined, { cause }), bodyLength(answer))
    this.#request?.destroy()
    this.#options.closer.end(this.#socket, answer)
  }

  #open(answer: IncomingMessage, upstream: Socket): void {
    // RFC 9110 7.8: to nothing that the client has not named.
    if (answer.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'a switch to another protocol'))
      upstream.destroy()
      return
    }
    if (!this.#settle() || this.#socket.destroyed) {
      upstream.destroy()
      return
    }
    const { idleMs, lifetimeMs, pseudonym, shownId } = this.#options
    const fields = responseHeaders(answer.rawHeaders, pseudonym, shownId)
    // The package writes `answer.headers` after `HTTP/1.1 101`.
    answer.headers = {
      connection: 'Upgrade',
      upgrade: answer.headers.upgrade ?? 'websocket',
      ...toRecord(fields),
    }
    this.#options.onAnswered(101)
    this.#join(upstream, idleMs, lifetimeMs)
  }

  /** Both sockets end together, and when nobody uses them. */
  #join(upstream: Socket, idleMs: number, lifetimeMs: number): void {
    const client = this.#socket
    let isOver = false
    const over = (reason: TunnelEnd): void => {
      if (!isOver) this.#end = reason
      isOver = true
    }
    const end = (reason: TunnelEnd): void => {
      over(reason)
      client.destroy()
      upstream.destroy()
    }
    const lifetime = lifetimeMs > 0 ? setTimeout(() => end('lifetime'), lifetimeMs) : undefined
    upstream.on('error', () => end('upstream'))
    const { counters } = this.#options
    // Once the package has joined both, later in this same event, and before anything flows: a reader before that takes what it has put back.
    process.nextTick(() => {
      client.on('data', (chunk: Buffer) => count(counters, 'tunnelBytesReceived', chunk.length))
      upstream.on('data', (chunk: Buffer) => count(counters, 'tunnelBytesSent', chunk.length))
    })
    for (const [one, other, side] of [
      [client, upstream, 'client'],
      [upstream, client, 'upstream'],
    ] as const) {
      // The package has set its timeouts to none by then, later in this same event.
      process.nextTick(() => one.setTimeout(idleMs))
      one.on('timeout', () => end('idle'))
      one.once('close', (hadError) => {
        over(hadError ? side : 'done')
        clearTimeout(lifetime)
        other.destroySoon()
        other.setTimeout(Math.min(idleMs, endMs))
      })
    }
  }

  #relay(answer: IncomingMessage): void {
    if (answer.statusCode === 101) {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'a switch to no protocol'))
      return
    }
    if (hasOtherCoding(answer.rawHeaders)) {
      this.fail(new BifrostError('UPSTREAM_BROKEN', 'a transfer coding that is not chunked'))
      return
    }
    if (!this.#settle()) {
      answer.destroy()
      return
    }
    const client = this.#socket
    this.#options.onAnswered(answer.statusCode ?? 502)
    const { pseudonym, shownId } = this.#options
    const fields = responseHeaders(answer.rawHeaders, pseudonym, shownId)
    let text = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`
    for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
    // Without a length the body ends with the connection (RFC 9112 6.3), which ends here in any case.
    client.write(`${text}Connection: close\r\n\r\n`, 'latin1')
    answer.on('data', (chunk: Buffer) => {
      this.#options.onBody(chunk.length)
      if (!client.write(chunk)) answer.pause()
    })
    client.on('drain', () => answer.resume())
    client.setTimeout(this.#options.idleMs, () => {
      this.#end = 'idle'
      client.destroy()
    })
    answer.on('end', () => {
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
