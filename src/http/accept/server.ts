/**
 * An HTTP/1.1 server that never listens: accepted sockets are handed to it. It has no timers: who owns it calls `expire`.
 *
 *   accept(socket) -> head -> onRequest | onConnect | onUpgrade
 *                       '- expire(socket): 408
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../../errors.ts'
import { createServer } from '../builtin.ts'
import { systemCode } from '../failure.ts'
import type { HttpRequest } from '../message.ts'
import { bodyLength, Closer, replyBytes } from '../reply/reply.ts'
import { CountedResponse } from './counted-response.ts'
import { peekFirstLine } from './first-line.ts'
import { isSpread } from './request-line.ts'

export interface HeadBounds {
  /** Of request line and fields; more is answered with 431, or with 414 when it is seen to be the target. */
  readonly maxHeadBytes: number
  /** One field more than these is kept, so that whoever counts them sees it; what follows is dropped unread. */
  readonly maxFields: number
  readonly maxTargetBytes: number
}

export interface ServerOptions {
  /** What clients are told of how long a connection is kept between two requests. */
  readonly idleMs: number
  readonly heads: HeadBounds
  readonly onRequest: (req: IncomingMessage, res: ServerResponse) => void
  readonly onConnect: (req: IncomingMessage, socket: Socket, head: Buffer) => void
  readonly onUpgrade: (req: IncomingMessage, socket: Socket, head: Buffer) => void
  /** Whether an Upgrade request is given to `onUpgrade`; else it is an ordinary request (RFC 9110 7.8). */
  readonly canUpgrade: (req: IncomingMessage) => boolean
  /** What came is no request, or not a whole one: CLIENT_ABORTED when the client left. A connection may end so between requests, too. */
  readonly onRejected?: (
    socket: Socket,
    code: ErrorCode,
    isAnswered: boolean,
    requestId: string | null,
    /** Of the body of the answer. */
    bodyBytes?: number,
  ) => void
  /** An id for what is refused before it is a request, and what of it the client is shown. */
  readonly newId?: () => { readonly requestId: string | null; readonly shownId: string | null }
  /** Runs the task after the requests that came before, and nothing after it; false when none is running. */
  readonly afterRunning?: (socket: Socket, task: () => void) => boolean
}

export type ServedSocket = Socket & { _httpMessage?: ServerResponse | null }

type ServedResponse = ServerResponse & { _keepAliveTimeout?: number }

/** Documented by its use in Node's own source only; without it the server ends with the client's FIN. */
type HalfOpenServer = Server & { httpAllowHalfOpen: boolean }

const firstRequestMs = 1_000

export class HttpServer {
  readonly closer = new Closer()
  readonly #server: Server
  readonly #options: ServerOptions
  readonly #sockets = new Set<Socket>()
  /** Of those, the ones that have sent a request and are still HTTP; with the bytes that had been read by its head. */
  readonly #served = new Map<Socket, number>()
  #lateIdle: NodeJS.Timeout | undefined
  #onEmpty: (() => void) | null = null

  constructor(options: ServerOptions) {
    this.#options = options
    const { idleMs } = options
    this.#server = createServer({
      ServerResponse: CountedResponse,
      // Node would set a timer after each response. It checks heads only in servers that listen.
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: 0,
      maxHeaderSize: options.heads.maxHeadBytes,
      // As an ordinary request it is refused.
      shouldUpgradeCallback: (req) => options.canUpgrade(req) && !this.#isSpread(req),
      noDelay: true,
      // A request without it is decided upon, answered and counted like any other.
      requireHostHeader: false,
    })
    this.#server.maxHeadersCount = options.heads.maxFields + 1
    // A client that ends its side after a request still wants the answer; the last answer ends the connection.
    ;(this.#server as HalfOpenServer).httpAllowHalfOpen = true
    const onRequest = (req: IncomingMessage, res: ServedResponse): void => {
      // It was answered before its head was whole.
      if (req.socket.writableEnded) return
      if (this.#isSpread(req)) (req as HttpRequest).isSpread = true
      res._keepAliveTimeout = idleMs
      options.onRequest(req, res)
    }
    this.#server.on('request', onRequest)
    this.#server.on('checkExpectation', onRequest)
    this.#server.on('checkContinue', onRequest)
    this.#server.on('connect', (req, socket, head) => {
      this.#served.delete(req.socket)
      options.onConnect(req, socket as Socket, head)
    })
    this.#server.on('upgrade', (req, socket, head) => {
      this.#served.delete(req.socket)
      options.onUpgrade(req, socket as Socket, head)
    })
    this.#server.on('clientError', (error, socket) => this.#reject(error, socket as Socket))
  }

  /** Connections that are open, tunnels and lingering ones among them. */
  get open(): number {
    return this.#sockets.size
  }

  /** Takes an accepted socket, also one that is paused with bytes waiting. */
  accept(socket: Socket): void {
    if (socket.destroyed) return
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#served.delete(socket)
      if (this.#sockets.size === 0) this.#onEmpty?.()
    })
    socket.setNoDelay(true)
    // The acceptor's own setting does not reach HTTP, which ends the socket itself; tunnels need the half.
    socket.allowHalfOpen = true
    peekFirstLine(socket, (isGood) => {
      if (isGood) {
        this.#server.emit('connection', socket)
        socket.resume()
      } else this.#refuse(socket, 'BAD_REQUEST')
    })
  }

  /**
   * Ends the connections that wait for a further request, and a second later those that have not sent their first one:
   * a client that has only just connected has its request under way.
   */
  closeIdle(): void {
    for (const socket of this.#served.keys() as Iterable<ServedSocket>) {
      if (!socket._httpMessage || socket._httpMessage.writableFinished) socket.destroySoon()
    }
    clearTimeout(this.#lateIdle)
    this.#lateIdle = setTimeout(() => {
      for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    }, firstRequestMs)
  }

  /** Ends everything now; resolves when every socket is closed. */
  async close(): Promise<void> {
    clearTimeout(this.#lateIdle)
    for (const socket of this.#sockets) socket.destroy()
    if (this.#sockets.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Answers a connection whose request head has begun and did not come in time. */
  expire(socket: Socket): void {
    if (socket.writable) this.#refuse(socket, 'REQUEST_TIMEOUT')
    else socket.destroy()
  }

  #isSpread(req: IncomingMessage): boolean {
    const { socket } = req
    const read = socket.bytesRead
    const before = this.#served.get(socket) ?? 0
    this.#served.set(socket, read)
    return isSpread(req, read - before)
  }

  #reject(error: Error, socket: ServedSocket): void {
    // The parser goes on with what comes after bytes that it did not understand, and fails again.
    if (this.closer.has(socket)) return
    const code = rejection(error, this.#options.heads.maxTargetBytes)
    // What is wrong came after a whole request: the answers to that and to others before it come first.
    if ((code !== null || isHalfClosed(error)) && socket._httpMessage?.req.complete) {
      const then = () => (code === null ? this.#drop(socket) : this.#refuse(socket, code))
      if (this.#options.afterRunning?.(socket, then)) {
        socket.pause()
        return
      }
    }
    // With a response under way an answer would land inside of its body.
    if (code === null || !socket.writable || socket._httpMessage?.headersSent) {
      this.#options.onRejected?.(socket, code ?? 'CLIENT_ABORTED', false, null)
      socket.destroy()
      return
    }
    this.#refuse(socket, code)
  }

  /** Ends what its client has given up in the middle of a head, after what it has been sent. */
  #drop(socket: Socket): void {
    this.#options.onRejected?.(socket, 'CLIENT_ABORTED', false, null)
    socket.destroySoon()
  }

  #refuse(socket: Socket, code: ErrorCode): void {
    if (socket.writableEnded) return
    const { requestId = null, shownId = null } = this.#options.newId?.() ?? {}
    const answer = replyBytes(code, { requestId: shownId })
    this.closer.end(socket, answer)
    this.#options.onRejected?.(socket, code, true, requestId, bodyLength(answer))
  }
}

/** What a parser's error is answered with; null where nobody is left to answer. */
function rejection(error: ParserError, maxTargetBytes: number): ErrorCode | null {
  switch (systemCode(error)) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_EOF_STATE':
      return null
    case 'HPE_HEADER_OVERFLOW':
      return isTarget(error.rawPacket, maxTargetBytes) ? 'TARGET_TOO_LONG' : 'HEAD_TOO_LARGE'
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return 'VERSION_NOT_SUPPORTED'
    default:
      return 'BAD_REQUEST'
  }
}

/** The client has ended its side in the middle of a head; it may still read. */
const isHalfClosed = (error: Error) => systemCode(error) === 'HPE_INVALID_EOF_STATE'

type ParserError = Error & { readonly rawPacket?: Buffer }

/** Whether what was too long is the target, as far as the bytes of the last read show it. */
function isTarget(packet: Buffer | undefined, maxTargetBytes: number): boolean {
  if (packet === undefined) return false
  const lineEnd = packet.indexOf('\r')
  const length = lineEnd === -1 ? packet.length : lineEnd
  return length > maxTargetBytes && /^[A-Z]{3,20} \S/.test(packet.toString('latin1', 0, 24))
}
