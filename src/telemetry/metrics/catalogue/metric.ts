/** The description of a metric, and its names in the Prometheus text. Pure. */

/**
 * Instruments of the OpenTelemetry data model: a sum that only grows, a sum that also falls, a last value, a
 * distribution.
 */
export type Instrument = 'counter' | 'updowncounter' | 'gauge' | 'histogram'

export interface Metric {
  readonly name: string
  readonly instrument: Instrument
  /** UCUM: `s`, `By`, `1`, or `{thing}` for a number of things. */
  readonly unit: string
  readonly description: string
  /** Attributes besides `proxy.worker.name` and `proxy.type`, which every worker metric has. */
  readonly attributes: readonly string[]
  /** Measured for each worker, for the whole process, or for both. */
  readonly scope: 'worker' | 'process' | 'both'
  /** Inclusive upper bounds of a histogram's buckets. */
  readonly bounds?: readonly number[]
  /** True if OpenTelemetry's semantic conventions define the metric. */
  readonly isStandard: boolean
}

const unitWords: ReadonlyMap<string, string> = new Map(Object.entries({ s: 'seconds', By: 'bytes' }))

/** The unit as a suffix of Prometheus names, or empty. */
export function unitWord({ unit, instrument }: Pick<Metric, 'unit' | 'instrument'>): string {
  if (unit === '1') return instrument === 'gauge' ? 'ratio' : ''
  return unitWords.get(unit) ?? ''
}

/** Name of the family: dots become underscores, the unit is appended, `_total` is not. */
export function familyName(metric: Pick<Metric, 'name' | 'unit' | 'instrument'>): string {
  const name = metric.name.replaceAll(/\W/g, '_')
  const word = unitWord(metric)
  return word === '' || name.endsWith(`_${word}`) ? name : `${name}_${word}`
}

/** Names of the samples that Prometheus stores for a metric. */
export function sampleNames(metric: Metric): readonly string[] {
  const family = familyName(metric)
  if (metric.instrument === 'histogram') return ['_bucket', '_sum', '_count'].map((end) => family + end)
  return [metric.instrument === 'counter' ? `${family}_total` : family]
}

/** Converts an attribute name to a label name. */
export const labelName = (attribute: string): string => attribute.replaceAll(/\W/g, '_')
