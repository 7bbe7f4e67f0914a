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

export function renderFamily(family: TextFamily, format: TextFormat): string {
  const { name, type, unit, help, points } = family
  const isOpen = format === 'openmetrics'
  // In the older format the name of a counter's family has its ending.
  const shown = type === 'counter' && !isOpen ? `${name}_total` : name
  let text = `# HELP ${shown} ${escapeHelp(help, isOpen)}\n# TYPE ${shown} ${type}\n`
  if (isOpen && unit !== '') text += `# UNIT ${shown} ${unit}\n`
  for (const point of points) text += renderPoint(family, point, isOpen)
  return text
}

function renderPoint({ name, type, bounds = [] }: TextFamily, point: Point, isOpen: boolean): string {
  const labels = labelsOf(point)
  if (typeof point.value === 'number') {
    const sample = type === 'counter' ? `${name}_total` : name
    return `${sample}${braced(labels)} ${numberText(point.value)}\n`
  }
  return renderHistogram(name, labels, bounds, point.value, isOpen)
}

function renderHistogram(
  name: string,
  labels: string,
  bounds: readonly number[],
  { sum, buckets }: HistogramValue,
  isOpen: boolean,
): string {
  const prefix = labels === '' ? '' : `${labels},`
  let count = 0
  let text = ''
  for (const [at, bucket] of buckets.entries()) {
    count += bucket
    const bound = at < bounds.length ? boundText(bounds[at] as number, isOpen) : '+Inf'
    text += `${name}_bucket{${prefix}le="${bound}"} ${count}\n`
  }
  return `${text}${name}_sum${braced(labels)} ${numberText(sum)}\n${name}_count${braced(labels)} ${count}\n`
}

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
