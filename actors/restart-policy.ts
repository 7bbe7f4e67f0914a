/**
 * When a supervisor restarts, as pure functions. Follows OTP (restart intensity within a period), with
 * exponential back-off. All times are in milliseconds.
 */
export interface RestartPolicy {
  /** Restarts within `periodMs` that are still allowed. */
  readonly intensity: number
  readonly periodMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  /** Time after which a supervisor that gave up tries again. */
  readonly revivalMs: number
  /** A slot that is empty for longer lends its listeners to instances that live. */
  readonly lendAfterMs: number
}

export const defaultRestartPolicy: RestartPolicy = {
  intensity: 5,
  periodMs: 10_000,
  minBackoffMs: 20,
  maxBackoffMs: 5_000,
  revivalMs: 60_000,
  lendAfterMs: 1_000,
}

/** The crash times that still count at `nowMs`, with this one added. */
export function withCrash(
  history: readonly number[],
  nowMs: number,
  policy: RestartPolicy,
): readonly number[] {
  return [...history.filter((at) => nowMs - at < policy.periodMs), nowMs]
}

export function isIntensityExceeded(history: readonly number[], policy: RestartPolicy): boolean {
  return history.length > policy.intensity
}

/**
 * Delay before the restart that follows the last crash of `history`. Zero after the first crash, so that a
 * single one is hardly noticed; then doubling from `minBackoffMs`, less up to a quarter of jitter (`random`
 * in 0..1).
 */
export function backoffMs(history: readonly number[], policy: RestartPolicy, random: number): number {
  if (history.length <= 1) return 0
  const full = Math.min(policy.maxBackoffMs, policy.minBackoffMs * 2 ** (history.length - 2))
  return Math.round(full * (1 - 0.25 * random))
}
