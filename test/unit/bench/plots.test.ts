import { expect, test } from 'vitest'
import { cases } from '../../../bench/cases/all.ts'
import { plotsOf } from '../../../bench/plots/plots.ts'
import { linear, logarithmic, tickText } from '../../../bench/plots/scale.ts'
import type { CaseResult, Measurement } from '../../../bench/results.ts'

test.each([
  [0.7, [0, 0.2, 0.4, 0.6, 0.8]],
  [95, [0, 20, 40, 60, 80, 100]],
  [24_800, [0, 5_000, 10_000, 15_000, 20_000, 25_000]],
])('an axis up to %d has round ticks', (most, ticks) => {
  expect(linear(most).ticks.map((tick) => Number(tick.toPrecision(6)))).toEqual(ticks)
})

test('a logarithmic axis goes from power to power of ten', () => {
  const { at, ticks } = logarithmic(0.3, 40)
  expect(ticks).toEqual([0.1, 1, 10, 100])
  expect([at(0.1), at(100)]).toEqual([0, 1])
})

test('ticks have no superfluous digits', () => {
  expect([0.1, 0.30000000000000004, 20, 15_000].map(tickText)).toEqual(['0.1', '0.3', '20', '15,000'])
})

const step = (offered: number, busy: number): Measurement => ({
  ...{ cpuUsPerUnit: 1, perSecond: offered, p50Us: 500, p99Us: 900, peakRssMiB: 100, busy, foreign: 0 },
  extra: { offered, p999Us: 2_000 },
})

function resultOf(name: string, isCurve: boolean): CaseResult {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(name)
  const rounds = [step(1_000, 0.1), step(2_000, 0.2)]
  return {
    case: found,
    results: [
      { target: 'bifrost', kind: 'measured', rounds, isCurve },
      { target: 'nginx', kind: 'failed', why: 'ended' },
    ],
    tried: 1,
    disturbed: 0,
  }
}

test('each plot has titles with units on both axes, and readable colours on dark pages', () => {
  const plots = plotsOf([resultOf('latency-half', false), resultOf('ramp', true)])
  expect(plots.map(({ file }) => file)).toEqual([
    'bench-latency.svg',
    'bench-load-latency.svg',
    'bench-load-cpu.svg',
    'bench-load-memory.svg',
  ])
  const units = [/in ms/, /in ms/, /in %/, /in MiB/]
  plots.forEach(({ svg }, n) => {
    expect(svg).toMatch(units[n] ?? /never/)
    expect(svg).toMatch(n === 0 ? /percentile of the requests/ : /requests per second/)
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).not.toContain('NaN')
  })
})

test('a plot has a mark at each point and one in the legend, for measured targets only', () => {
  const [plot] = plotsOf([resultOf('ramp', true)])
  expect(plot?.svg.match(/class="mark"/g)).toHaveLength(3)
  expect(plot?.svg).not.toContain('nginx')
})

test('other cases have no plot', () => {
  expect(plotsOf([resultOf('reverse-1k', false)])).toEqual([])
})
