/** Error responses, and the orderly end of a connection after one. */
import type { Socket } from 'node:net'
import { type ErrorCode, errorTable } from '../../errors.ts'
import { STATUS_CODES } from '../builtin.ts'
import type { HttpResponse } from '../message.ts'
import { type ErrorBody, type ErrorDetails, errorBody } from './error-body.ts'

export interface ReplyOptions extends ErrorDetails {
  /** Additional header fields, flat. */
  readonly headers?: readonly string[]
  readonly close?: boolean
  /** The bytes are built once and sent later, so they have no Date (RFC 9110 6.6.1 allows that for 5xx). */
  readonly isPrepared?: boolean
}

/** The current time as a Date field value. */
export const httpDate = (): string => new Date().toUTCString()

/**
 * How long a closed connection is drained, so that its client reads the answer instead of a reset (RFC 9112
 * 9.6).
 */
const lingerMs = 1_000
const maxLingering = 1_024

/** Answers with an error response; if a head was already sent, the response is broken off. */
export function sendReply(res: HttpResponse, code: ErrorCode, options: ReplyOptions = {}): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const body = errorBody(code, { accept: res.req.headers.accept, ...options })
  if (options.close) res.shouldKeepAlive = false
  const { status } = errorTable[code]
  // Name the reason explicitly: an earlier writeHead that failed has left its own.
  res.writeHead(status, STATUS_CODES[status], replyHeaders(body, options))
  res.end(body.text)
}

/**
 * A whole error response as bytes, for a socket without a ServerResponse; always with `Connection: close`.
 */
export function replyBytes(code: ErrorCode, options: ReplyOptions = {}): Buffer {
  const body = errorBody(code, options)
  const { status } = errorTable[code]
  const fields = [...replyHeaders(body, options), 'Connection', 'close']
  if (!options.isPrepared) fields.push('Date', httpDate())
  if (options.requestId) fields.push('X-Request-Id', options.requestId)
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), Buffer.from(body.text)])
}

/** Size of the body within a whole response. */
export const bodyLength = (answer: Buffer): number => answer.length - answer.indexOf('\r\n\r\n') - 4

/**
 * Caches must not keep error responses (by default they may keep 404, 414 and others, RFC 9110 15.1): the
 * answer can change at any moment, and it depends on Accept.
 */
function replyHeaders({ type, text }: ErrorBody, options: ReplyOptions): string[] {
  return [
    'Content-Type',
    type,
    'Content-Length',
    String(Buffer.byteLength(text)),
    'Cache-Control',
    'no-store',
    ...(options.headers ?? []),
  ]
}

/**
 * Ends sockets with a final answer: writes it, half-closes, discards further input and destroys the socket
 * after a bounded time. The number of such sockets is bounded; above it sockets are destroyed at once, so
 * clients that never close are cheap.
 */
export class Closer {
  readonly #lingering = new Map<Socket, NodeJS.Timeout>()

  get size(): number {
    return this.#lingering.size
  }

  /**
   * Whether its final bytes were written. Further input is read only so that these are not lost to a reset.
   */
  has(socket: Socket): boolean {
    return this.#lingering.has(socket)
  }

  end(socket: Socket, last: Buffer): void {
    if (this.#lingering.has(socket)) return
    if (socket.destroyed || !socket.writable || this.#lingering.size >= maxLingering) {
      socket.destroy()
      return
    }
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    this.#lingering.set(socket, timer)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      this.#lingering.delete(socket)
    })
    socket.on('end', () => socket.destroySoon())
    socket.removeAllListeners('data')
    socket.end(last)
    socket.resume()
  }

  close(): void {
    for (const socket of this.#lingering.keys()) socket.destroy()
  }
}
