/** How long an idle upstream connection is kept. */

/** An upstream's hint is about its own clock: so much sooner its idle connection is no longer used. */
const hintMarginMs = 2_000

/** For how long a connection is kept after a response with that hint (Keep-Alive: timeout), null for none. */
export const idleMs = (hintSecs: number | null, ownMs: number): number =>
  hintSecs === null ? ownMs : Math.min(ownMs, hintSecs * 1_000 - hintMarginMs)
