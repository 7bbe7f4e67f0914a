/**
 * The turns of a connection whose client pipelines (RFC 9112 9.3.2). node:http emits every request that one read contains; here one
 * exchange runs at a time, so that a client holds one upstream connection and its responses are made in order.
 *
 *   request --nothing runs--> starts
 *      '--something runs--> waits --the one before has ended--> starts
 */
import type { Socket } from 'node:net'

/** When this many requests wait, the socket is paused; the size of one read bounds what may still come. */
const maxWaiting = 16

/** Created for the first request that has to wait: a connection without pipelining has none. */
export class Turns {
  readonly #socket: Socket
  #waiting: { readonly task: () => void; readonly since: number }[] = []
  #isLast = false
  /** How long the task that starts now has waited; 0 if it did not have to. */
  waitedMs = 0

  constructor(socket: Socket) {
    this.#socket = socket
    // node:http resumes the socket for its own reasons, for example when a response has drained.
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

  /**
   * Queues the last task. From now on the socket's bytes belong to it, and this class neither resumes nor
   * pauses the socket.
   */
  waitLast(task: () => void): void {
    this.#push(task)
    this.#isLast = true
  }

  /**
   * Starts the task that has waited longest; returns false if none waits, or if the previous response
   * ended the connection.
   */
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
