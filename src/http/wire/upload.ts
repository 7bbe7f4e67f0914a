import type { Socket } from 'node:net'
import { BifrostError } from '../../errors.ts'
import type { RequestBody } from '../body.ts'

/** A request with a body on its way to the upstream, as fast as that reads. */
export class Upload {
  isDone = false
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
    // The head leaves together with what has come of the body.
    socket.cork()
    socket.write(head, 'latin1')
    body.on('data', this.#take)
    body.on('end', this.#end)
    process.nextTick(uncork, socket)
  }

  /** Whether the upstream is the one that is waited for. */
  get isBlocked(): boolean {
    return this.isDone || this.#socket.writableNeedDrain
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
    if (this.#left < 0) this.#socket.write('0\r\n\r\n', 'latin1')
    this.isDone = true
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}

const mismatch = (): BifrostError => new BifrostError('BAD_REQUEST', 'the body is not as long as was said')
