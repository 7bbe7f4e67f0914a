/** Finds hostile texts for which a function takes more than linear time. */

/** Short ones first, to find a fault before it takes minutes. */
const lengths = [8 * 1024, 64 * 1024]
/**
 * Maximum ratio to a quarter of the text: linear work takes 4 times as long for the whole, quadratic work 16
 * times.
 */
const maxGrowth = 9
/**
 * Linear work on 64 KiB takes at most a few milliseconds; quadratic work takes hundreds of milliseconds or
 * seconds.
 */
const suspiciousMs = 40

/** Runs of each character and of each pair, alone and after a beginning, with an end that matches nothing. */
export function hostileTexts(alphabet: string, beginnings: readonly string[]): readonly Hostile[] {
  const units = [...alphabet].flatMap((one) => [
    { first: '', unit: one },
    ...[...alphabet].flatMap((other) =>
      one === other
        ? []
        : [
            { first: one, unit: other },
            { first: '', unit: one + other },
          ],
    ),
  ])
  return units.flatMap(({ first, unit }) =>
    ['', ...beginnings].map((beginning) => ({ beginning: beginning + first, unit })),
  )
}

export interface Hostile {
  readonly beginning: string
  readonly unit: string
}

const textOf = ({ beginning, unit }: Hostile, length: number): string =>
  `${beginning}${unit.repeat(Math.ceil((length - beginning.length) / unit.length))}\x01x`

/** The first text for which the time grows faster than linearly, or null. */
export function findSuperlinear(run: (text: string) => unknown, texts: readonly Hostile[]): Hostile | null {
  return texts.find((hostile) => lengths.some((length) => growsFast(run, hostile, length))) ?? null
}

function growsFast(run: (text: string) => unknown, hostile: Hostile, length: number): boolean {
  const text = textOf(hostile, length)
  if (timeOf(run, text) < suspiciousMs) return false
  // A garbage collection may have interfered, so the best of several runs decides.
  const best = (given: string) => Math.min(...Array.from({ length: 5 }, () => timeOf(run, given)))
  const long = best(text)
  return long >= suspiciousMs && long > maxGrowth * best(textOf(hostile, length / 4))
}

function timeOf(run: (text: string) => unknown, text: string): number {
  // CPU time of this thread only, so other load on the machine does not count.
  const before = process.threadCpuUsage()
  run(text)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
