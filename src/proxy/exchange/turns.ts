/**
 * The turns of a connection whose client pipelines (RFC 9112 9.3.2). node:http hands over every request that one read holds; here one
 * exchange runs at a time, so that a client holds one upstream connection and its answers are made in their order.
 *
 *   request --nothing runs--> starts
 *      '--something runs--> waits --the one before has ended--> starts
 */
import type { Socket } from 'node:net'

/** With so many waiting the socket is not read on; what one read holds beyond that is bounded by the read. */
const maxWaiting = 16

/** Made for the first request that has to wait: a connection without pipelining has none. */
export class Turns {
  readonly #socket: Socket
  #waiting: { readonly task: () => void; readonly since: number }[] = []
  #isLast = false
  /** How long whoever starts in this moment has waited; 0 for one that had not to. */
  waitedMs = 0

  constructor(socket: Socket) {
    this.#socket = socket
    // node:http resumes the socket for reasons of its own, when an answer has drained for one.
    socket.on('resume', () => {
      if (this.#isFull) socket.pause()
    })
    socket.once('close', () => {
      this.#waiting = []
    })
  }

  get waiting(): number {
    return this.#waiting.length
  }

  wait(task: () => void): void {
    this.#push(task)
    if (this.#isFull) this.#socket.pause()
  }

  /** Waits as the last one: from here on the socket's bytes belong to the task, and nobody here reads or pauses it. */
  waitLast(task: () => void): void {
    this.#push(task)
    this.#isLast = true
  }

  /** Starts who has waited longest; false when nobody has, or the answer before ended the connection. */
  next(): boolean {
    const first = this.#waiting.shift()
    if (first === undefined) return false
    if (!this.#socket.writable) {
      this.#waiting = []
      return false
    }
    if (!this.#isLast && !this.#isFull) this.#socket.resume()
    this.waitedMs = performance.now() - first.since
    first.task()
    this.waitedMs = 0
    return true
  }

  #push(task: () => void): void {
    this.#waiting.push({ task, since: performance.now() })
  }

  get #isFull(): boolean {
    return !this.#isLast && this.#waiting.length >= maxWaiting
  }
}
