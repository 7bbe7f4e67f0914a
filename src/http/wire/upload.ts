/** Sends a request body over an HTTP/1.1 upstream connection. */
import type { Socket } from 'node:net'
import { BifrostError } from '../../errors.ts'
import { trailerFields } from '../fields/headers.ts'
import type { RequestBody } from '../request-body.ts'
import { fieldLine } from './request-head.ts'

/** For how long a 100 is waited for, met to a tick or two: not every upstream knows it (RFC 9110 10.1.1). */
export const continueMs = 1_000

/**
 * A request with a body on its way to the upstream, as fast as that reads.
 *
 *   held (the client waits to be asked, RFC 9110 10.1.1) --the upstream says 100, or nothing for a while--> sent
 *     '--the upstream answers--> stopped: the client never sends the body
 */
export class Upload {
  isDone = false
  isHeld: boolean
  readonly #socket: Socket
  readonly #body: RequestBody
  readonly #fail: (error: Error) => void
  /** Bytes that are still to come, negative for chunks. */
  #left: number
  #isStopped = false

  /** `length` is Content-Length, -1 for chunks. */
  constructor(socket: Socket, head: string, body: RequestBody, length: number, fail: (error: Error) => void) {
    this.#socket = socket
    this.#body = body
    this.#left = length
    this.#fail = fail
    this.isHeld = body.isAwaited
    if (this.isHeld) {
      socket.write(head, 'latin1')
      return
    }
    // The head leaves together with what has come of the body.
    socket.cork()
    socket.write(head, 'latin1')
    this.#start()
    process.nextTick(uncork, socket)
  }

  /** Asks the client for the body, once. */
  ask(): void {
    if (!this.isHeld || this.#isStopped) return
    this.isHeld = false
    this.#start()
  }

  #start(): void {
    this.#body.on('data', this.#take)
    this.#body.on('end', this.#end)
  }

  /** Whether the upstream is the one that is waited for. */
  get isBlocked(): boolean {
    return this.isDone || this.isHeld || this.#socket.writableNeedDrain
  }

  stop(): void {
    this.#isStopped = true
    this.#body.off('data', this.#take)
    this.#body.off('end', this.#end)
    this.#socket.off('drain', this.#drain)
  }

  readonly #take = (chunk: Buffer): void => {
    const socket = this.#socket
    // As a chunk it would be the last one.
    if (chunk.length === 0) return
    if (this.#left < 0) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else {
      this.#left -= chunk.length
      if (this.#left < 0) {
        this.#fail(mismatch())
        return
      }
      socket.write(chunk)
    }
    if (!socket.writableNeedDrain || this.#body.isPaused()) return
    this.#body.pause()
    socket.once('drain', this.#drain)
  }

  readonly #drain = (): void => {
    if (!this.#isStopped) this.#body.resume()
  }

  readonly #end = (): void => {
    if (this.#left > 0) {
      this.#fail(mismatch())
      return
    }
    if (this.#left < 0) this.#socket.write(`0\r\n${trailerLines(this.#body.trailers)}\r\n`, 'latin1')
    this.isDone = true
  }
}

function trailerLines(raw: readonly string[]): string {
  let text = ''
  if (raw.length > 0) for (const [name, value] of trailerFields(raw)) text += fieldLine(name, value) ?? ''
  return text
}

function uncork(socket: Socket): void {
  socket.uncork()
}

const mismatch = (): BifrostError => new BifrostError('BAD_REQUEST', 'the body is not as long as was said')
