/** Axes: from values to positions, with round ticks. */

export interface Scale {
  /** Position between 0 and 1. */
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** From zero to a round number at or above `most`, with four to six steps. */
export function linear(most: number): Scale {
  const step = roundStep((most > 0 ? most : 1) / 5)
  const steps = Math.max(1, Math.ceil((most > 0 ? most : 1) / step - 1e-9))
  const end = steps * step
  return { at: (value) => value / end, ticks: Array.from({ length: steps + 1 }, (_, n) => n * step) }
}

/** Between the powers of ten around the values, which must be positive. */
export function logarithmic(least: number, most: number): Scale {
  const from = Math.floor(Math.log10(least))
  const to = Math.max(from + 1, Math.ceil(Math.log10(most)))
  return {
    at: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from),
    ticks: Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n)),
  }
}

/** Names at equal distances; the value is the index. */
export function categories(count: number): Scale {
  return {
    at: (value) => (value + 0.5) / count,
    ticks: Array.from({ length: count }, (_, n) => n),
  }
}

/** 1, 2 or 5 times a power of ten, at or above the value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((digit) => digit * power >= value * (1 - 1e-9)) ?? 10) * power
}

/** Without superfluous digits: 0.1, 20, 15,000. */
export function tickText(value: number): string {
  return value >= 1000 ? value.toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}
