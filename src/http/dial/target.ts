/** The target of a dial, and the handle of a dial under way. */
import { CoarseClock } from '../clock.ts'
import type { Gate } from './gate.ts'
import type { TlsTarget } from './tls-target.ts'

export interface DialTarget {
  readonly host: string
  readonly port: number
  /** Longest wait in milliseconds: name resolution, TCP and TLS handshake together. */
  readonly timeoutMs: number
  /** Checks the destination; null if the operator chose the target. */
  readonly gate: Gate | null
  /** TLS over the TCP connection; undefined: none. */
  readonly tls?: TlsTarget | undefined
  /** Measures the wait; default: a clock of the thread, which ticks every 100 ms. */
  readonly clock?: CoarseClock | undefined
}

/** A connection that is being opened. */
export interface Dialling {
  /** Gives up: `done` is not called any more. Without effect afterwards. */
  giveUp(): void
}

/** Measures the waits of targets without a clock. */
export const threadClock = new CoarseClock(2_000)
