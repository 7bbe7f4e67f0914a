/**
 * Where a share of the values lies that buckets count, by the upper bounds of the buckets; what is beyond the last bound counts as that
 * bound. Within a bucket the values are taken to lie evenly. Null when there are none.
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
