import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPrometheus, whyNoPrometheus } from '../kit/collector/prometheus.ts'
import { startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { samplesOf } from '../kit/telemetry/prometheus-text.ts'
import { until } from '../kit/waiting/until.ts'
import { expectCounted, requests } from './counted.ts'
import { describeWith } from './suite.ts'
import { answer, configOf, drive, metricsOf, portsOf } from './traffic.ts'

const dashboard = join(import.meta.dirname, '../../deploy/grafana/bifrost-bridge.json')

/** Complaints of promtool about names that are fixed by the parity table and the semantic conventions. */
const named = [
  'bifrost_average_response_time_ms metric names should not contain abbreviated units',
  'process_thread_count non-histogram and non-summary metrics should not have "_count" suffix',
  'process_unix_file_descriptor_count non-histogram and non-summary metrics should not have "_count" suffix',
]

/** Complaints of `promtool check metrics`. The seed's lines have no HELP and TYPE, as in the seed. */
function styleOf(text: string): readonly string[] {
  const input = text.replaceAll(/^worker_.*\n/gm, '')
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '')
}

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[]
}

describeWith(whyNoPrometheus(), 'the output of a daemon scraped by Prometheus', () => {
  test('equals the counts of the clients, in a form that promtool and Prometheus accept', async () => {
    await using origin = await startOrigin(answer)
    await using daemon = await startChildDaemon(configOf(origin.authority), 4_096)
    const traffic = await drive(portsOf(daemon), origin.authority)
    const text = await metricsOf(daemon)
    expectCounted(samplesOf(text), traffic)
    expect(styleOf(text)).toEqual(named)

    const target = `127.0.0.1:${daemon.port('admin')}`
    await using prometheus = await startPrometheus([{ job: 'bifrost-bridge', target }])
    const ask = async (query: string) => (await prometheus.query(query))[0]?.value
    await until('it is up', async () => (await ask('up')) === 1)
    expect(await ask(`sum(${requests})`)).toBe(traffic.exchanges.length)
    expect(await ask('scrape_samples_scraped')).toBe(samplesOf(await metricsOf(daemon)).length)

    // Queries as Grafana sends them, with its variables at "All". A rate needs two scrapes.
    await until('it is scraped twice', async () => ((await ask('count_over_time(up[1h])')) ?? 0) >= 2)
    const { panels } = JSON.parse(readFileSync(dashboard, 'utf8')) as Dashboard
    const unanswered: string[] = []
    for (const { expr } of panels.flatMap(({ targets = [] }) => targets)) {
      const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m')
      const series = await prometheus.query(query.replaceAll(/\$(?:job|instance|worker)/g, '.*'))
      if (series.length === 0) unanswered.push(expr)
    }
    expect(unanswered).toEqual([])
  })
})
