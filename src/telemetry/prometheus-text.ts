import type { Family, Point } from './family.ts'
import { familyName, labelName, type Metric, unitWord } from './metric.ts'
import type { HistogramValue } from './series.ts'

/** Prometheus' text 0.0.4, and OpenMetrics 1.0, from the same families. Pure. */
export type TextFormat = 'prometheus' | 'openmetrics'

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** A family under its name in the text, without `_total`. */
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

/** A name that was given one without its unit says no unit: the format wants it at the end. */
const openMetricsUnit = (metric: Metric): string => {
  const word = unitWord(metric)
  return word !== '' && familyName(metric).endsWith(`_${word}`) ? word : ''
}

/** Gives the lines of a family to `add`, some at a time: all series of a daemon in one string would cost more than to make them. */
export function renderFamily(family: TextFamily, format: TextFormat, add: (text: string) => void): void {
  const { name, type, unit, help, points } = family
  const isOpen = format === 'openmetrics'
  // In the older format the name of a counter's family has its ending.
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

/** What stands in each line of a bucket before its count. */
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

/** OpenMetrics writes bounds as floats, always. */
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
