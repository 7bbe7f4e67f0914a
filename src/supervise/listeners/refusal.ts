/** Refuses connections in main. */

import type { Socket } from 'node:net'
import { errorTable } from '../../errors.ts'

/**
 * The answers of the main thread to connections that no instance will take. Main never loads src/http, so it has its own bytes for
 * them, made of the same table.
 */
export const mainRefusals = [
  'WORKER_STARTING',
  'WORKER_RESTARTING',
  'WORKER_GAVE_UP',
  'OUT_OF_SERVICE',
  'OVER_LIMIT',
  'DRAINING',
] as const

export type RefusalCode = (typeof mainRefusals)[number]

/** When another attempt makes sense. */
const retryAfterSecs: Readonly<Record<RefusalCode, number>> = {
  WORKER_STARTING: 1,
  WORKER_RESTARTING: 1,
  WORKER_GAVE_UP: 10,
  OUT_OF_SERVICE: 10,
  OVER_LIMIT: 1,
  DRAINING: 1,
}

function answerOf(code: RefusalCode): Buffer {
  const body = `${code}: ${errorTable[code].message}\n`
  const fields = [
    `Retry-After: ${retryAfterSecs[code]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  return Buffer.from(`HTTP/1.1 503 Service Unavailable\r\n${fields.join('\r\n')}\r\n\r\n${body}`)
}

const answers = Object.fromEntries(mainRefusals.map((code) => [code, answerOf(code)])) as Record<
  RefusalCode,
  Buffer
>

/**
 * Input from a refused client is discarded for this time: a close with unread bytes resets the connection and
 * loses the answer.
 */
const lingerMs = 1_000
const maxLingering = 1_024

/** Ends sockets with an answer. Owns those whose clients have not closed yet. */
export class Refuser {
  readonly #lingering = new Map<Socket, NodeJS.Timeout>()

  /** A client that expects TLS (`isSilent`) would take an answer in plain text for a broken handshake: it gets none. */
  refuse(socket: Socket, code: RefusalCode, isSilent: boolean): void {
    if (isSilent || !socket.writable || this.#lingering.size >= maxLingering) {
      socket.destroy()
      return
    }
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    this.#lingering.set(socket, timer.unref())
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      this.#lingering.delete(socket)
    })
    socket.on('end', () => socket.destroySoon())
    socket.end(answers[code])
    socket.resume()
  }
}
