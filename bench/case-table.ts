/** The table of a case: its columns depend on the load. */
import { cpuOf, extraOf } from './readings.ts'
import type { CaseResult, Extra, Measurement } from './results.ts'
import { pairedRatios, spreadOf } from './statistics.ts'
import { type Table, withSpread } from './table.ts'

interface Column {
  readonly title: string
  /** Text of all rounds of one target. */
  readonly cell: (rounds: readonly Measurement[]) => string
}

const median = (rounds: readonly Measurement[], pick: (seen: Measurement) => number) =>
  spreadOf(rounds.map(pick)).median
const share = (value: number) => `${(value * 100).toFixed(0)} %`

const extra = (title: string, name: keyof Extra, divisor: number, digits: number): Column => ({
  title,
  cell: (rounds) => {
    const values = extraOf(rounds, name)
    return values === null ? '-' : (spreadOf(values).median / divisor).toFixed(digits)
  },
})

const p50: Column = { title: 'p50 ms', cell: (rounds) => latency(rounds, ({ p50Us }) => p50Us) }
const p99: Column = { title: 'p99 ms', cell: (rounds) => latency(rounds, ({ p99Us }) => p99Us) }
const p999 = extra('p99.9 ms', 'p999Us', 1000, 2)
const peak: Column = {
  title: 'peak RSS MiB',
  cell: (rounds) => median(rounds, ({ peakRssMiB }) => peakRssMiB).toFixed(0),
}
const busy: Column = { title: 'core used', cell: (rounds) => share(median(rounds, (seen) => seen.busy)) }
const open = [extra('arrivals/s', 'offered', 1, 0), p50, p99, p999]
const late = extra('driver late, p99 ms', 'lateP99Us', 1000, 2)

function columnsOf(result: CaseResult): readonly Column[] {
  const { unit, reference, load } = result.case
  const referenceCpu = cpuOf(result, reference)
  const cpu = (rounds: readonly Measurement[]) => rounds.map(({ cpuUsPerUnit }) => cpuUsPerUnit)
  const cost: Column = { title: `CPU us/${unit}`, cell: (rounds) => withSpread(spreadOf(cpu(rounds)), 1) }
  switch (load.kind) {
    case 'idle':
      return [extra('RSS KiB each', 'rssBytes', 1024, 1), extra('heap KiB each', 'heapBytes', 1024, 1)]
    case 'beside':
      return [
        extra('new p50 ms', 'newP50Us', 1000, 2),
        extra('kept p50 ms', 'keptP50Us', 1000, 2),
        extra('new/s', 'newPerSecond', 1, 0),
        cost,
      ]
    case 'crowd':
      return [
        extra('p99 ms alone', 'aloneP99Us', 1000, 2),
        ...[p50, p99, p999],
        extra('rejected/s', 'refusedPerSecond', 1, 0),
        extra('waited 1 s, /s', 'waitedPerSecond', 1, 0),
        busy,
      ]
    case 'open':
    case 'ramp':
      return [...open, late, cost, peak, busy]
    case 'wrk':
    case 'connect':
    case 'bytes':
    case 'messages':
      return [
        cost,
        {
          title: `x ${reference}`,
          cell: (rounds) =>
            referenceCpu === null ? '-' : withSpread(pairedRatios(cpu(rounds), referenceCpu), 2),
        },
        {
          title: `${unit}s/s`.replace('MiBs', 'MiB'),
          cell: (rounds) => median(rounds, ({ perSecond }) => perSecond).toFixed(0),
        },
        ...[p50, p99, peak, busy],
      ]
  }
}

/** A row per target; of a ramp, a row per step. */
export function caseTable(result: CaseResult): Table {
  const columns = columnsOf(result)
  const head = ['target', ...columns.map(({ title }) => title)]
  const row = (name: string, rounds: readonly Measurement[]) => [
    name,
    ...columns.map(({ cell }) => cell(rounds)),
  ]
  const rows = result.results.flatMap((one) => {
    if (one.kind === 'failed')
      return [[one.target, `failed: ${one.why.split('\n')[0]}`, ...head.slice(2).map(() => '')]]
    return one.isCurve ? one.rounds.map((step) => row(one.target, [step])) : [row(one.target, one.rounds)]
  })
  return { head, rows }
}

function latency(rounds: readonly Measurement[], pick: (seen: Measurement) => number | null): string {
  const values = rounds.map(pick).filter((value) => value !== null)
  return values.length === 0 ? '-' : (spreadOf(values).median / 1000).toFixed(2)
}
