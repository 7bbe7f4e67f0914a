import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { Overview } from '../supervise/overview.ts'
import type { Readings } from '../supervise/readings.ts'
import { exportMetrics } from '../telemetry/prometheus.ts'
import { parityFamilies } from '../telemetry/prometheus-parity.ts'
import { contentTypes, renderFamily, type TextFormat, textFamily } from '../telemetry/prometheus-text.ts'
import { type Answer, json } from './answer.ts'

const compress = promisify(gzip)

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
export async function metricsAnswer(
  overview: Overview,
  readings: Readings,
  { worker, accept, acceptEncoding }: MetricsRequest,
): Promise<Answer> {
  if (worker !== null && !readings.workers.includes(worker)) {
    return json(404, { error: `no worker ${worker}`, workers: readings.workers })
  }
  const format = formatFor(accept)
  const text = metricsText(overview, readings, worker ?? undefined, format)
  const headers = { Vary: 'Accept, Accept-Encoding' }
  const answer = { status: 200, type: contentTypes[format], headers }
  if (!takesGzip(acceptEncoding)) return { ...answer, body: text }
  const body = await compress(text, { level: constants.Z_BEST_SPEED })
  return { ...answer, body, headers: { ...headers, 'Content-Encoding': 'gzip' } }
}

function metricsText(
  overview: Overview,
  readings: Readings,
  worker: string | undefined,
  format: TextFormat,
): string {
  const services = readings.services(worker)
  const secrets = worker === undefined ? readings.secretsDecrypted : null
  const families = [...parityFamilies(services, secrets), ...readings.families(worker).map(textFamily)]
  const seed = exportMetrics(overview.metrics(worker))
  const end = format === 'openmetrics' ? '# EOF\n' : ''
  return seed + families.map((family) => renderFamily(family, format)).join('') + end
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
