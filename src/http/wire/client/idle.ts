/** Computes how long an idle upstream connection is kept. */

/** The hint counts on the upstream's clock, so the connection is given up this much earlier. */
const hintMarginMs = 2_000

/** Milliseconds for which a connection is kept; `hintSecs` is its Keep-Alive timeout, or null. */
export const idleMs = (hintSecs: number | null, ownMs: number): number =>
  hintSecs === null ? ownMs : Math.min(ownMs, hintSecs * 1_000 - hintMarginMs)
