/** The plots of a run: latency percentiles, and latency, CPU and memory over load. */
import { extraOf } from '../readings.ts'
import type { CaseResult, Measurement, Result } from '../results.ts'
import { spreadOf } from '../statistics.ts'
import { type Line, linePlot } from './lines.ts'
import { categories, linear, logarithmic, type Scale } from './scale.ts'

export interface Plot {
  readonly file: string
  readonly title: string
  readonly svg: string
}

type Measured = Extract<Result, { kind: 'measured' }>

/** No plots of cases that were not measured. */
export function plotsOf(results: readonly CaseResult[]): Plot[] {
  return results.flatMap(({ case: { load }, results }) => {
    const measured = results.filter((one) => one.kind === 'measured')
    if (measured.length === 0) return []
    if (load.kind === 'open') return [percentiles(measured)]
    return load.kind === 'ramp' ? overLoad(measured) : []
  })
}

function percentiles(measured: readonly Measured[]): Plot {
  const title = 'Latency at half load, constant arrival rate'
  const lines = measured.map(({ target, rounds }): Line => {
    const p999 = extraOf(rounds, 'p999Us') ?? [Number.NaN]
    const us = [
      rounds.map(({ p50Us }) => p50Us ?? Number.NaN),
      rounds.map(({ p99Us }) => p99Us ?? Number.NaN),
      p999,
    ]
    return { name: target, points: us.map((values, n) => [n, spreadOf(values).median / 1000] as const) }
  })
  const svg = linePlot({
    title,
    x: { title: 'percentile of the requests', scale: categories(3), names: ['50 %', '99 %', '99.9 %'] },
    y: { title: 'latency in ms (logarithmic)', scale: logScale(lines) },
    lines,
  })
  return { file: 'bench-latency.svg', title, svg }
}

interface Curve {
  readonly file: string
  readonly title: string
  readonly unit: string
  readonly isLogarithmic?: boolean
  readonly pick: (step: Measurement) => number
}

const curves: readonly Curve[] = [
  {
    file: 'bench-load-latency.svg',
    title: 'Latency over load, with an access log',
    unit: 'latency, 99th percentile, in ms (logarithmic)',
    isLogarithmic: true,
    pick: ({ p99Us }) => (p99Us ?? 0) / 1000,
  },
  {
    file: 'bench-load-cpu.svg',
    title: 'CPU over load, with an access log',
    unit: 'use of one core in %',
    pick: ({ busy }) => busy * 100,
  },
  {
    file: 'bench-load-memory.svg',
    title: 'Memory over load, with an access log',
    unit: 'peak resident memory in MiB',
    pick: ({ peakRssMiB }) => peakRssMiB,
  },
]

function overLoad(measured: readonly Measured[]): Plot[] {
  return curves.map(({ file, title, unit, isLogarithmic, pick }) => {
    const lines = measured.map(
      ({ target, rounds }): Line => ({
        name: target,
        points: rounds.map((step) => [step.extra.offered ?? 0, pick(step)] as const),
      }),
    )
    const svg = linePlot({
      title,
      x: { title: 'arrivals in requests per second', scale: linear(most(lines, 0)) },
      y: { title: unit, scale: isLogarithmic ? logScale(lines) : linear(most(lines, 1)) },
      lines,
    })
    return { file, title, svg }
  })
}

const most = (lines: readonly Line[], axis: 0 | 1) =>
  Math.max(...lines.flatMap(({ points }) => points.map((point) => point[axis])))

function logScale(lines: readonly Line[]): Scale {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter((value) => value > 0)
  return values.length === 0 ? logarithmic(1, 10) : logarithmic(Math.min(...values), Math.max(...values))
}
