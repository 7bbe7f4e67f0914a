/** Options of upstream connections. */
import type { CoarseClock } from '../../clock.ts'
import type { Dial } from '../../dial/dial.ts'
import type { DialTarget } from '../../dial/target.ts'
import type { AfterPoll } from './after-poll.ts'
import type { BodyBuffers } from './own-buffer.ts'

/** Shared by the connections to one origin. */
export interface WireOptions {
  readonly target: DialTarget
  readonly dial: Dial
  /** Host of a request without one. */
  readonly authority: string
  readonly clock: CoarseClock
  readonly afterPoll: AfterPoll
  /** Buffers that large bodies are read into. */
  readonly buffers: BodyBuffers
  readonly idleMs: number
  /**
   * Longest wait for a whole response head, counted from the end of the sent request or from an informational
   * response, and between two reads of the body.
   */
  readonly responseMs: number
}
