/**
 * Upper bounds of histogram buckets, inclusive. Each kind has 15, so that all histograms of a block have one
 * shape.
 */

/** Seconds: the bounds of the semantic conventions, and a finer one that the Prometheus parity names need. */
export const finestDurationBounds: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Seconds: the bounds of the semantic conventions. */
export const durationBounds: readonly number[] = finestDurationBounds.slice(1)

/** Bytes; the conventions define no bounds. */
export const sizeBounds: readonly number[] = [
  0, 128, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456,
  1_073_741_824, 4_294_967_296,
]

/** Seconds: a tunnel may live for days. */
export const tunnelBounds: readonly number[] = [
  0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400,
]
