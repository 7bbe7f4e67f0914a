import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, errorTable } from '../errors.ts'

export interface ReplyOptions {
  /** What the client reads instead of the table's text. */
  readonly message?: string
  /** Further header fields, flat. */
  readonly headers?: readonly string[]
  /** Ends the connection after the reply. */
  readonly close?: boolean
}

/** How long a closed connection is drained, so that its client reads the answer and not a reset (RFC 9112 9.6). */
const lingerMs = 1_000
const maxLingering = 1_024

/** Answers with a row of the error table; a response whose head is gone can only be broken off. */
export function sendReply(res: ServerResponse, code: ErrorCode, options: ReplyOptions = {}): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const body = `${options.message ?? errorTable[code].message}\n`
  if (options.close) res.shouldKeepAlive = false
  const { status } = errorTable[code]
  // Named, because a writeHead that failed before has left its reason behind.
  res.writeHead(status, STATUS_CODES[status], replyHeaders(body, options))
  res.end(body)
}

/** A whole response as bytes, for a socket without a ServerResponse; it always says `Connection: close`. */
export function replyBytes(code: ErrorCode, options: ReplyOptions = {}): Buffer {
  const body = `${options.message ?? errorTable[code].message}\n`
  const { status } = errorTable[code]
  const fields = [...replyHeaders(body, options), 'Connection', 'close']
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return Buffer.from(`${text}\r\n${body}`, 'latin1')
}

function replyHeaders(body: string, options: ReplyOptions): string[] {
  return [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
    ...(options.headers ?? []),
  ]
}

/**
 * Ends sockets with a last answer: writes, half-closes, discards what still comes and destroys after a bounded time. Above
 * a bounded number of such sockets the next ones are destroyed at once, so clients that never close cost nothing.
 */
export class Closer {
  readonly #lingering = new Map<Socket, NodeJS.Timeout>()

  get size(): number {
    return this.#lingering.size
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
