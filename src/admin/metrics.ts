/** Answers /metrics in the Prometheus text formats. */
import type { Overview } from '../supervise/views/overview.ts'
import type { Readings } from '../supervise/views/readings.ts'
import { exportMetrics } from '../telemetry/metrics/text/prometheus.ts'
import { parityFamilies } from '../telemetry/metrics/text/prometheus-parity.ts'
import {
  contentTypes,
  renderFamily,
  type TextFormat,
  textFamily,
} from '../telemetry/metrics/text/prometheus-text.ts'
import { TextBytes } from '../telemetry/metrics/text/text-bytes.ts'
import { type Answer, json } from './answer.ts'
import { SharedTexts } from './shared-text.ts'

export interface MetricsRequest {
  /** Limits the text to one worker; null means everything. */
  readonly worker: string | null
  readonly accept: string | undefined
  readonly acceptEncoding: string | undefined
}

/**
 * Prometheus text for everything or for one worker: first the seed's lines, unchanged, then the names of the
 * parity table, then those of the catalogue.
 */
export class Metrics {
  readonly #overview: Overview
  readonly #readings: Readings
  readonly #texts: SharedTexts

  /** `now` is a monotonic clock in milliseconds. */
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

  /** Call once a second. */
  forget(): void {
    this.#texts.forget()
  }

  /** `key` is the format, plus the worker for a single-worker text. */
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

/** OpenMetrics if the client accepts it explicitly, else the older text format. */
function formatFor(accept: string | undefined): TextFormat {
  const named = (accept ?? '').split(',').find((one) => /^\s*application\/openmetrics-text\b/i.test(one))
  if (named === undefined || /;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(named)) return 'prometheus'
  return isPreferred(accept ?? '') ? 'openmetrics' : 'prometheus'
}

const qualityOf = (one: string): number => Number(/;\s*q=([\d.]+)/i.exec(one)?.[1] ?? 1)

/** True if the client does not prefer plain text. */
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
