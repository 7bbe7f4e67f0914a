/**
 * A quantile from bucket counts, by the upper bounds of the buckets. Values in a bucket are assumed to be
 * spread evenly; values beyond the last bound count as that bound. Null if there are no values.
 */
export function quantileOf(
  bounds: readonly number[],
  buckets: readonly number[],
  share: number,
): number | null {
  const count = buckets.reduce((sum, one) => sum + one, 0)
  if (count <= 0) return null
  let rest = share * count
  for (const [at, bucket] of buckets.entries()) {
    const from = bounds[at - 1] ?? 0
    const to = bounds[at] ?? from
    if (rest <= bucket && bucket > 0) return from + (to - from) * (rest / bucket)
    rest -= bucket
  }
  return bounds.at(-1) ?? null
}
