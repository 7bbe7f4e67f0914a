/** Delays requests on kept upstream connections until the socket events that wait already have been handled. */

/** A connection that waits to write its request. */
export interface Sender {
  send(): void
}

/**
 * One look at the sockets before kept connections are used again: what they have received unasked, or their
 * end, is noticed before a request is written to them (undici: GHSA-35p6-xmwp-9g52). One turn of the event
 * loop serves all connections that were added in it.
 */
export class AfterPoll {
  #waiting: Sender[] = []
  /** The emptied list of the last turn. */
  #spare: Sender[] = []

  add(one: Sender): void {
    if (this.#waiting.length === 0) setImmediate(AfterPoll.#sendAll, this)
    this.#waiting.push(one)
  }

  static #sendAll(this: void, turn: AfterPoll): void {
    const waiting = turn.#waiting
    turn.#waiting = turn.#spare
    for (const one of waiting) one.send()
    waiting.length = 0
    turn.#spare = waiting
  }
}
