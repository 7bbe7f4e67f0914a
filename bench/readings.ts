/** Reads the figure of a bar from the rounds of a case. */
import type { CaseResult, Extra, Measurement } from './results.ts'
import { pairedRatios, type Spread, spreadOf } from './statistics.ts'
import type { TargetName } from './types.ts'

/** A measured value: ours and the rival's as text, and the figure that is compared with the bar. */
export interface Seen {
  readonly ours: string
  readonly theirs: string
  readonly figure: Spread
}

export type Reading = (result: CaseResult) => Seen | null

export function roundsOf(result: CaseResult, target: TargetName): readonly Measurement[] | null {
  const found = result.results.find((one) => one.target === target)
  return found?.kind === 'measured' ? found.rounds : null
}

export function cpuOf(result: CaseResult, target: TargetName): number[] | null {
  return roundsOf(result, target)?.map(({ cpuUsPerUnit }) => cpuUsPerUnit) ?? null
}

const us = (values: readonly number[]) => `${spreadOf(values).median.toFixed(1)} us`

/** Our CPU per unit as a multiple of the rival's. */
export const cpuAgainst =
  (rival: TargetName): Reading =>
  (result) => {
    const [ours, theirs] = [cpuOf(result, 'bifrost'), cpuOf(result, rival)]
    if (ours === null || theirs === null) return null
    return { ours: us(ours), theirs: us(theirs), figure: pairedRatios(ours, theirs) }
  }

/** The rival's CPU per unit as a multiple of ours. */
export const cheaperThan =
  (rival: TargetName): Reading =>
  (result) => {
    const [ours, theirs] = [cpuOf(result, 'bifrost'), cpuOf(result, rival)]
    if (ours === null || theirs === null) return null
    return { ours: us(ours), theirs: us(theirs), figure: pairedRatios(theirs, ours) }
  }

/** CPU that `more` adds to ours, as a share of the rival's. */
export const addedBy =
  (more: TargetName, rival: TargetName): Reading =>
  (result) => {
    const [plain, loaded, theirs] = [cpuOf(result, 'bifrost'), cpuOf(result, more), cpuOf(result, rival)]
    if (plain === null || loaded === null || theirs === null) return null
    const added = loaded.map((value, round) => value - (plain[round] ?? Number.NaN))
    return { ours: `+${us(added)}`, theirs: us(theirs), figure: pairedRatios(added, theirs) }
  }

/** Median latency of new connections as a multiple of kept ones; the rival's is shown beside it. */
export const newToKept =
  (rival: TargetName): Reading =>
  (result) => {
    const ours = extraRatio(roundsOf(result, 'bifrost'), 'newP50Us', 'keptP50Us')
    const theirs = extraRatio(roundsOf(result, rival), 'newP50Us', 'keptP50Us')
    if (ours === null) return null
    return { ours: ours.text, theirs: theirs?.text ?? '-', figure: ours.figure }
  }

function extraRatio(rounds: readonly Measurement[] | null, over: keyof Extra, under: keyof Extra) {
  const [top, bottom] = [extraOf(rounds, over), extraOf(rounds, under)]
  if (top === null || bottom === null) return null
  const ms = (values: readonly number[]) => (spreadOf(values).median / 1000).toFixed(1)
  const figure = pairedRatios(top, bottom)
  return { text: `${ms(top)} / ${ms(bottom)} ms`, figure }
}

/** KiB per idle connection. */
export const kibOf =
  (name: 'heapBytes' | 'rssBytes', rival: TargetName): Reading =>
  (result) => {
    const kib = (target: TargetName) =>
      extraOf(roundsOf(result, target), name)?.map((bytes) => bytes / 1024) ?? null
    const [ours, theirs] = [kib('bifrost'), kib(rival)]
    if (ours === null) return null
    const text = (values: readonly number[] | null) =>
      values === null ? '-' : `${spreadOf(values).median.toFixed(1)} KiB`
    return { ours: text(ours), theirs: text(theirs), figure: spreadOf(ours) }
  }

/** Null unless every round has the figure. */
export function extraOf(rounds: readonly Measurement[] | null, name: keyof Extra): number[] | null {
  const values = rounds?.map(({ extra }) => extra[name]).filter((value) => value !== undefined) ?? []
  return values.length > 0 && values.length === rounds?.length ? values : null
}
