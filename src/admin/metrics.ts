import type { Overview } from '../supervise/overview.ts'
import type { Readings } from '../supervise/readings.ts'
import { exportMetrics } from '../telemetry/prometheus.ts'
import { parityFamilies } from '../telemetry/prometheus-parity.ts'
import { contentTypes, renderFamily, type TextFormat, textFamily } from '../telemetry/prometheus-text.ts'
import { TextBytes } from '../telemetry/text-bytes.ts'
import { type Answer, json } from './answer.ts'
import { SharedTexts } from './shared-text.ts'

export interface MetricsRequest {
  /** Of one worker only; null: everything. */
  readonly worker: string | null
  readonly accept: string | undefined
  readonly acceptEncoding: string | undefined
}

/**
 * Prometheus text of everything, or of one worker: the seed's lines first and as they always were, then the names of the parity table,
 * then those of the catalogue.
 */
export class Metrics {
  readonly #overview: Overview
  readonly #readings: Readings
  readonly #texts: SharedTexts

  /** `now`: milliseconds of a steady clock. */
  constructor(overview: Overview, readings: Readings, now: () => number) {
    this.#overview = overview
    this.#readings = readings
    this.#texts = new SharedTexts({ make: (key) => this.#textOf(key), now })
  }

  async answer({ worker, accept, acceptEncoding }: MetricsRequest): Promise<Answer> {
    const { workers } = this.#readings
    if (worker !== null && !workers.includes(worker)) {
      return json(404, { error: `no worker ${worker}`, workers })
    }
    const format = formatFor(accept)
    const text = this.#texts.of(`${format} ${worker ?? ''}`)
    const onSend: Answer['onSend'] = (res) => text.readBy(res)
    const headers = { Vary: 'Accept, Accept-Encoding' }
    const answer = { status: 200, type: contentTypes[format], headers, onSend }
    if (!takesGzip(acceptEncoding)) return { ...answer, body: text.bytes }
    return { ...answer, body: await text.gzipped(), headers: { ...headers, 'Content-Encoding': 'gzip' } }
  }

  /** To be called once a second. */
  forget(): void {
    this.#texts.forget()
  }

  /** `key`: the format, and the worker where it is of one. */
  #textOf(key: string): Buffer {
    const [format, worker] = key.split(' ', 2).map((word) => word || undefined) as [TextFormat, string?]
    const readings = this.#readings
    const services = readings.services(worker)
    const secrets = worker === undefined ? readings.secretsDecrypted : null
    const text = new TextBytes()
    text.add(exportMetrics(this.#overview.metrics(worker)))
    const families = [
      ...parityFamilies(services, secrets),
      ...readings.families(worker, services).map(textFamily),
    ]
    for (const family of families) renderFamily(family, format, (lines) => text.add(lines))
    if (format === 'openmetrics') text.add('# EOF\n')
    return text.bytes()
  }
}

/** OpenMetrics to who names it, and the older text to everybody else. */
function formatFor(accept: string | undefined): TextFormat {
  const named = (accept ?? '').split(',').find((one) => /^\s*application\/openmetrics-text\b/i.test(one))
  if (named === undefined || /;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(named)) return 'prometheus'
  return isPreferred(accept ?? '') ? 'openmetrics' : 'prometheus'
}

const qualityOf = (one: string): number => Number(/;\s*q=([\d.]+)/i.exec(one)?.[1] ?? 1)

/** Whether the plain text is not asked for above it. */
function isPreferred(accept: string): boolean {
  const best = (type: RegExp) =>
    Math.max(
      0,
      ...accept
        .split(',')
        .filter((one) => type.test(one))
        .map(qualityOf),
    )
  return best(/application\/openmetrics-text/i) >= best(/text\/plain/i)
}

function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '')
    .split(',')
    .some((one) => /^\s*(?:gzip|\*)\s*(?:;|$)/i.test(one) && qualityOf(one) > 0)
}
