/**
 * How slow a client may be while an exchange runs, in both directions. Time counts against the client only during its turn: it owes
 * the rest of its request and nothing holds that up, or bytes of the response wait for it.
 *
 *   idle   it was its turn and no byte moved for `bodyIdleMs`
 *   ended  it has sent FIN and no byte moved for `halfClosedMs`, if that is not 0
 *   slow   its credit is used up. Credit is time: it starts at `graceMs`, shrinks as time passes, grows with each byte by the time
 *          that the byte takes at the minimum rate, and is never more than the longest allowed pause. So a burst pays for a pause,
 *          but not for a long trickle after it.
 */
import type { PaceSettings } from '../../config/settings/settings.ts'

/** The state of an exchange at one moment. */
export interface PaceSample {
  /** Bytes received from the client so far. */
  readonly sent: number
  /** Bytes for the client that the kernel has taken so far; may seem to shrink while more is queued. */
  readonly taken: number
  /** The rest of the request is missing, and only the client holds it up. */
  readonly owes: boolean
  /** Bytes of the response wait for the client to read. */
  readonly isBehind: boolean
  /** The client has sent FIN. */
  readonly hasEnded: boolean
}

export class Pace {
  #at: number
  #movedAt: number
  #sent: number
  #taken: number
  #owed = false
  #wasBehind = false
  #sendCreditMs: number
  #takeCreditMs: number

  /** `sent` and `taken` are the counts at the start of the exchange. */
  constructor({ graceMs }: PaceSettings, sent: number, taken: number, now: number) {
    this.#at = now
    this.#movedAt = now
    this.#sent = sent
    this.#taken = taken
    this.#sendCreditMs = graceMs
    this.#takeCreditMs = graceMs
  }

  /** Whether the client is too slow. */
  isOver(sample: PaceSample, bounds: PaceSettings, now: number): boolean {
    const passed = now - this.#at
    const sent = sample.sent - this.#sent
    const taken = Math.max(0, sample.taken - this.#taken)
    // Time between two checks is charged only if it was the client's turn at both.
    const sendMs = sample.owes && this.#owed ? passed : 0
    const takeMs = sample.isBehind && this.#wasBehind ? passed : 0
    this.#at = now
    this.#sent = sample.sent
    this.#taken += taken
    this.#owed = sample.owes
    this.#wasBehind = sample.isBehind
    if (this.#isIdle(sample, sent > 0, taken > 0, bounds, now)) return true
    if (bounds.minBytesPerSecond === 0) return false
    this.#sendCreditMs = credit(this.#sendCreditMs, sent, sendMs, bounds)
    this.#takeCreditMs = credit(this.#takeCreditMs, taken, takeMs, bounds)
    return this.#sendCreditMs < 0 || this.#takeCreditMs < 0
  }

  /** Sending is no sign of life of a client that is to read, and the other way round. */
  #isIdle(
    sample: PaceSample,
    hasSent: boolean,
    hasTaken: boolean,
    { bodyIdleMs, halfClosedMs }: PaceSettings,
    now: number,
  ): boolean {
    const isItsTurn = sample.owes || sample.isBehind
    const hasMoved = isItsTurn
      ? (sample.owes && hasSent) || (sample.isBehind && hasTaken)
      : hasSent || hasTaken || !sample.hasEnded
    if (hasMoved) {
      this.#movedAt = now
      return false
    }
    // A client that has sent FIN may wait for its response (RFC 9112 9.6) or be gone, which look the same.
    const longestMs = isItsTurn ? bodyIdleMs : halfClosedMs || Infinity
    return now - this.#movedAt >= longestMs
  }
}

function credit(beforeMs: number, bytes: number, passedMs: number, bounds: PaceSettings): number {
  const earnedMs = (bytes * 1_000) / bounds.minBytesPerSecond
  return Math.min(Math.max(bounds.graceMs, bounds.bodyIdleMs), beforeMs + earnedMs - passedMs)
}
