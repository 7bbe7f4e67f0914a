/** What a metric is, and what it is called in Prometheus' text. Pure. */

/** Instruments of the OpenTelemetry data model: a sum that only grows, one that also falls, a last value, a distribution. */
export type Instrument = 'counter' | 'updowncounter' | 'gauge' | 'histogram'

export interface Metric {
  readonly name: string
  readonly instrument: Instrument
  /** UCUM: `s`, `By`, `1`, or `{what}` for a number of things. */
  readonly unit: string
  readonly description: string
  /** Besides `proxy.worker.name` and `proxy.type`, which every metric of a worker has. */
  readonly attributes: readonly string[]
  /** Of each worker, of the process as a whole, or of both. */
  readonly scope: 'worker' | 'process' | 'both'
  /** Upper bounds of the buckets of a histogram, inclusive. */
  readonly bounds?: readonly number[]
  /** Named and defined by OpenTelemetry's semantic conventions. */
  readonly isStandard: boolean
}

const unitWords: ReadonlyMap<string, string> = new Map(Object.entries({ s: 'seconds', By: 'bytes' }))

/** The unit as Prometheus writes it at the end of a name; '' for none. */
export function unitWord({ unit, instrument }: Pick<Metric, 'unit' | 'instrument'>): string {
  if (unit === '1') return instrument === 'gauge' ? 'ratio' : ''
  return unitWords.get(unit) ?? ''
}

/** Name of the family: dots become underscores, the unit is a word of the name, and no `_total` yet. */
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

/** An attribute as a label. */
export const labelName = (attribute: string): string => attribute.replaceAll(/\W/g, '_')
