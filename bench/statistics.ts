/** Medians and spreads of measurements. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Needs at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = at(sorted, middle)
  const median = sorted.length % 2 === 1 ? upper : (at(sorted, middle - 1) + upper) / 2
  return { median, min: at(sorted, 0), max: at(sorted, sorted.length - 1) }
}

/** Ratios within each round, so that a slow round does not distort them. */
export function pairedRatios(values: readonly number[], reference: readonly number[]): Spread {
  const rounds = Math.min(values.length, reference.length)
  return spreadOf(Array.from({ length: rounds }, (_, round) => at(values, round) / at(reference, round)))
}

function at(values: readonly number[], index: number): number {
  const value = values[index]
  if (value === undefined) throw new RangeError(`no value ${index} of ${values.length}`)
  return value
}
