/** Renders families as Prometheus text 0.0.4 or OpenMetrics 1.0. Pure. */
import { familyName, labelName, type Metric, unitWord } from '../catalogue/metric.ts'
import type { Family, Point } from '../family.ts'
import type { HistogramValue } from '../series.ts'

export type TextFormat = 'prometheus' | 'openmetrics'

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** A family under its text name, without `_total`. */
export interface TextFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly unit: string
  readonly help: string
  readonly bounds?: readonly number[] | undefined
  readonly points: readonly Point[]
}

export function textFamily({ metric, points }: Family): TextFamily {
  const { description, bounds, instrument } = metric
  const type = instrument === 'updowncounter' ? 'gauge' : instrument
  return { name: familyName(metric), type, unit: openMetricsUnit(metric), help: description, bounds, points }
}

/** OpenMetrics requires the unit as the name's suffix, so a name without it declares no unit. */
const openMetricsUnit = (metric: Metric): string => {
  const word = unitWord(metric)
  return word !== '' && familyName(metric).endsWith(`_${word}`) ? word : ''
}

/**
 * Passes a family's lines to `add` in pieces, because one string of all series would cost more than making
 * them.
 */
export function renderFamily(family: TextFamily, format: TextFormat, add: (text: string) => void): void {
  const { name, type, unit, help, points } = family
  const isOpen = format === 'openmetrics'
  // The older format includes `_total` in the family name of a counter.
  const shown = type === 'counter' && !isOpen ? `${name}_total` : name
  add(`# HELP ${shown} ${escapeHelp(help, isOpen)}\n# TYPE ${shown} ${type}\n`)
  if (isOpen && unit !== '') add(`# UNIT ${shown} ${unit}\n`)
  const ends = bucketEnds(family, isOpen)
  const sample = type === 'counter' ? `${name}_total` : name
  for (const point of points) {
    const labels = labelsOf(point)
    if (typeof point.value === 'number') add(`${sample}${braced(labels)} ${numberText(point.value)}\n`)
    else add(histogramText(name, labels, ends, point.value))
  }
}

function histogramText(
  name: string,
  labels: string,
  ends: readonly string[],
  { sum, buckets }: HistogramValue,
): string {
  const start = `${name}_bucket{${labels === '' ? '' : `${labels},`}`
  let count = 0
  let text = ''
  for (let at = 0; at < buckets.length; at += 1) {
    count += buckets[at] ?? 0
    text += `${start}${ends[at]}${count}\n`
  }
  return `${text}${name}_sum${braced(labels)} ${numberText(sum)}\n${name}_count${braced(labels)} ${count}\n`
}

/** The part of each bucket line before its count. */
const bucketEnds = ({ bounds = [] }: TextFamily, isOpen: boolean): readonly string[] =>
  [...bounds.map((bound) => boundText(bound, isOpen)), '+Inf'].map((bound) => `le="${bound}"} `)

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

function labelsOf({ attributes }: Point): string {
  let text = ''
  for (const [name, value] of Object.entries(attributes)) {
    text += `${text === '' ? '' : ','}${labelName(name)}="${escapeValue(String(value))}"`
  }
  return text
}

/** OpenMetrics always writes bounds as floats. */
const boundText = (bound: number, isOpen: boolean): string =>
  isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound)

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}

const escapeValue = (text: string): string =>
  /["\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : text

function escapeHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped
}
