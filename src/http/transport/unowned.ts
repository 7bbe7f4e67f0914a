/** What both kinds of transport share. */
import type { TransportOwner } from './transport.ts'

/** Stands in until a transport gets its owner. */
export const unowned: TransportOwner = {
  received: () => undefined,
  peerEnded: () => {},
  drained: () => {},
  closed: () => {},
}

/** An idle peer is probed after this time (SO_KEEPALIVE). */
export const keepAliveSecs = 60

/** Short connections are not probed: a tunnel from this age on, a kept connection when it was idle for this time. */
export const probedAfterMs = 5_000
