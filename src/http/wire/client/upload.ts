/** Sends a request body over an HTTP/1.1 upstream connection. */
import { BifrostError } from '../../../errors.ts'
import { trailerFields } from '../../fields/headers.ts'
import type { BodySink } from '../../message/message.ts'
import type { RequestBody } from '../../message/request-body.ts'
import type { Transport } from '../../transport/transport.ts'
import type { AfterPoll, Sender } from './after-poll.ts'
import { fieldLine } from './request-head.ts'

/** How long a 100 is awaited, met to a tick or two: not every upstream knows it (RFC 9110 10.1.1). */
export const continueMs = 1_000

export interface UploadOwner {
  abort(error: Error): void
  /** The body has moved: bytes were written, or the upstream has taken all of them. */
  uploadMoved(): void
}

/**
 * A request with a body, sent as fast as the upstream reads.
 *
 *   held (the client waits for a 100) --the upstream sends 100, or nothing for a while--> sending --> done
 *     '--the upstream answers--> stopped: the client never sends the body
 */
export class Upload implements BodySink, Sender {
  isDone = false
  isHeld: boolean
  readonly #transport: Transport
  readonly #body: RequestBody
  readonly #owner: UploadOwner
  /** The request head until it is written, '' afterwards. */
  #head: string
  /** Bytes that are still missing, negative for chunks. */
  #left: number
  #isFull = false
  #isStopped = false

  /** `length` is Content-Length, -1 for chunks. */
  constructor(transport: Transport, head: string, body: RequestBody, length: number, owner: UploadOwner) {
    this.#transport = transport
    this.#head = head
    this.#body = body
    this.#left = length
    this.#owner = owner
    this.isHeld = body.isAwaited
  }

  start(afterPoll: AfterPoll): void {
    if (this.isHeld) this.#sendHead()
    else {
      this.#body.start(this)
      // The head leaves together with the part of the body that is there already, and never waits for more: an
      // early answer, such as a 401, can spare the upload.
      if (this.#head !== '') afterPoll.add(this)
    }
  }

  /** Sends the head if no part of the body has arrived with it. */
  send(): void {
    if (!this.#isStopped) this.#sendHead()
  }

  /** Asks the client for the body, once. */
  ask(): void {
    if (!this.isHeld || this.#isStopped) return
    this.isHeld = false
    this.#body.start(this)
  }

  /** Whether the upstream is the side that is waited for. */
  get isBlocked(): boolean {
    return this.isDone || this.isHeld || this.#isFull
  }

  stop(): void {
    this.#isStopped = true
  }

  /** The upstream has taken all written bytes. */
  drained(): void {
    if (this.#isStopped || !this.#isFull) return
    this.#isFull = false
    this.#owner.uploadMoved()
    if (!this.isDone) this.#body.resume()
  }

  takeBody(piece: Buffer): void {
    // An empty chunk would be the last one.
    if (this.#isStopped || piece.length === 0) return
    if (this.#left >= 0) {
      this.#left -= piece.length
      if (this.#left < 0) {
        this.#owner.abort(mismatch())
        return
      }
    }
    const framed = this.#left < 0 ? chunkOf(piece) : piece
    const hasRoom = this.#write(framed)
    this.#owner.uploadMoved()
    if (hasRoom || this.#isFull) return
    this.#isFull = true
    this.#body.pause()
  }

  takeBodyEnd(): void {
    if (this.#isStopped) return
    if (this.#left > 0) {
      this.#owner.abort(mismatch())
      return
    }
    if (this.#left < 0) this.#write(`0\r\n${trailerLines(this.#body.trailers)}\r\n`)
    else this.#sendHead()
    this.isDone = true
    this.#owner.uploadMoved()
  }

  /** The exchange learns from the response that the client has left, and ends this connection. */
  takeBodyFault(): void {
    this.#isStopped = true
  }

  #sendHead(): void {
    const head = this.#head
    if (head === '') return
    this.#head = ''
    this.#transport.write(head)
  }

  #write(piece: string | Uint8Array): boolean {
    const head = this.#head
    if (head === '') {
      // Nothing acknowledges the piece before, so this one must not wait for that.
      this.#transport.setNoDelay()
      return this.#transport.write(piece)
    }
    this.#head = ''
    return this.#transport.writeTwo(head, piece)
  }
}

/** A chunk in one piece (RFC 9112 7.1): a copy costs less than a second system call. */
function chunkOf(piece: Buffer): Buffer {
  const size = piece.length.toString(16)
  const chunk = Buffer.allocUnsafe(size.length + piece.length + 4)
  const at = chunk.write(`${size}\r\n`, 'latin1')
  piece.copy(chunk, at)
  chunk.write('\r\n', at + piece.length, 'latin1')
  return chunk
}

function trailerLines(received: readonly string[]): string {
  let text = ''
  const fields = received.length === 0 ? received : trailerFields(received)
  for (let at = 0; at < fields.length; at += 2) {
    text += fieldLine(fields[at] as string, fields[at + 1] as string) ?? ''
  }
  return text
}

const mismatch = (): BifrostError =>
  new BifrostError('BAD_REQUEST', 'the length of the body differs from Content-Length')
