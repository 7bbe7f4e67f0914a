import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { errorTable } from '../../../src/errors.ts'
import { health } from '../../../src/supervise/views/health.ts'
import { catalogue } from '../../../src/telemetry/metrics/catalogue/catalogue.ts'
import { type Metric, sampleNames } from '../../../src/telemetry/metrics/catalogue/metric.ts'
import { namesOf } from '../../kit/collector/promql.ts'

const deploy = join(import.meta.dirname, '../../../deploy')
const text = (file: string) => readFileSync(join(deploy, file), 'utf8')

const labelName = (attribute: string) => attribute.replaceAll(/\W/g, '_')

// Labels of a worker, and labels that both a Prometheus scrape and the exporter of the Collector add to every
// series.
const ofTheWorker = ['proxy.worker.name', 'proxy.type']
const ofTheScrape = ['job', 'instance']

const labelsOf = ({ instrument, scope, attributes }: Metric): ReadonlySet<string> =>
  new Set([
    ...ofTheScrape,
    ...(instrument === 'histogram' ? ['le'] : []),
    ...[...(scope === 'process' ? [] : ofTheWorker), ...attributes].map(labelName),
  ])

const metrics: readonly Metric[] = catalogue
const labelsBySample: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...metrics.flatMap((metric) => sampleNames(metric).map((name) => [name, labelsOf(metric)] as const)),
  ['up', new Set(ofTheScrape)],
])

/**
 * Unknown metrics and labels in a query; `known` maps each series, including recorded ones, to its labels.
 */
function mistakesIn(query: string, known = labelsBySample): readonly string[] {
  const { selectors, groupings, made } = namesOf(query)
  if (selectors.length === 0) return ['it names no metric']
  const inAny = new Set([...selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]), ...made])
  return [
    ...selectors.flatMap(({ metric, labels }) => {
      const has = known.get(metric)
      if (has === undefined) return [`there is no ${metric}`]
      return labels.filter((label) => !has.has(label)).map((label) => `${metric} has no ${label}`)
    }),
    ...groupings.filter((label) => !inAny.has(label)).map((label) => `nothing in it has ${label}`),
  ]
}

interface Panel {
  readonly title: string
  readonly type: string
  readonly id: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

interface Dashboard {
  readonly schemaVersion: number
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly type: string; readonly name: string; readonly definition?: string }[]
  }
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(text('grafana/bifrost-bridge.json')) as Dashboard
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ title, ...target })),
  )

  test('has queries', () => expect(queries.length).toBeGreaterThan(40))

  test.each(queries)('uses only existing metrics and labels: $title: $expr', ({ expr, legendFormat }) => {
    expect(mistakesIn(expr)).toEqual([])
    const { groupings, selectors } = namesOf(expr)
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
    const left =
      groupings.length > 0 ? groupings : [...(labelsBySample.get(selectors[0]?.metric ?? '') ?? [])]
    expect(left).toEqual(expect.arrayContaining(shown))
  })

  test('uses exactly its own variables, and their queries use only existing metrics and labels', () => {
    const { list } = dashboard.templating
    const used = new Set([...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual(list.map(({ name }) => name).sort())
    const asked = list.filter(({ type }) => type === 'query')
    for (const { definition = '' } of asked) {
      const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
      expect(mistakesIn(`sum by (${label}) (${series})`)).toEqual([])
    }
  })

  test('shows no panel over another', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24)
  })

  test('shows every metric except those left to the logs', () => {
    const shown = new Set(queries.flatMap(({ expr }) => namesOf(expr).selectors.map(({ metric }) => metric)))
    const missing = metrics.filter((metric) => !sampleNames(metric).some((name) => shown.has(name)))
    expect(missing.map(({ name }) => name)).toEqual(['proxy.secrets.decrypted'])
  })
})

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

describe('the alert rules', () => {
  const { groups } = parse(text('prometheus/bifrost-bridge.rules.yaml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[]
  }
  const rules = groups.flatMap((group) => group.rules)
  const known = new Map([
    ...labelsBySample,
    ...rules.flatMap(({ record, expr }) =>
      record === undefined ? [] : [[record, new Set(namesOf(expr).groupings)] as const],
    ),
  ])

  test.each(rules.map((rule) => ({ ...rule, name: rule.alert ?? rule.record })))(
    'use only existing metrics and labels: $name',
    ({ expr, annotations = {} }) => {
      expect(mistakesIn(expr, known)).toEqual([])
      const { groupings, selectors } = namesOf(expr)
      const left =
        groupings.length > 0 ? groupings : selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])])
      const used = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
      expect(left).toEqual(expect.arrayContaining(used))
    },
  )

  test('have a test in which each alert fires', () => {
    const tests = text('prometheus/bifrost-bridge.rules.test.yaml')
    for (const { alert } of rules) {
      if (alert !== undefined) expect(tests).toMatch(new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`))
    }
  })
})

describe('the names in a query', () => {
  test.each([
    ['rate(a_total{b="x"}[5m])', ['a_total'], ['b'], []],
    [
      'sum by (le, c) (rate(a_bucket{b=~"x{y}", d!="z"}[$__rate_interval]))',
      ['a_bucket'],
      ['b', 'd'],
      ['le', 'c'],
    ],
    ['a offset 10m > 14.4 * 0.001 and on (c) b', ['a', 'b'], [], ['c']],
    ['x:y:ratio5m / 1e3 or vector(0)', ['x:y:ratio5m'], [], []],
  ] as const)('%s', (query, names, labels, groupings) => {
    const named = namesOf(query)
    expect(named.selectors.map(({ metric }) => metric)).toEqual(names)
    expect(named.selectors.flatMap((one) => one.labels)).toEqual(labels)
    expect(named.groupings).toEqual(groupings)
  })

  test('are reported if there is no such metric or label', () => {
    expect(mistakesIn('sum by (colour) (rate(http_server_requests_total{job="a"}[5m]))')).toEqual([
      'there is no http_server_requests_total',
      'nothing in it has colour',
    ])
    expect(mistakesIn('proxy_worker_health{http_route="/"}')).toEqual([
      'proxy_worker_health has no http_route',
    ])
  })
})

describe('thresholds and shares', () => {
  const rules = text('prometheus/bifrost-bridge.rules.yaml')
  const failed = 'error_type!~"|CLIENT_.+"'

  test('BifrostLimitNear and the health of a worker have the same threshold', () => {
    const near = /proxy_limit_utilization_ratio\) >= ([\d.]+)/.exec(rules)?.[1]
    const statusAt = (share: number) =>
      health({
        isAlive: true,
        state: 'accepting',
        activeConnections: share * 1_000,
        maxConnections: 1_000,
        memoryBytes: 0,
        maxMemoryBytes: 1,
      }).status
    expect(statusAt(Number(near))).toBe('Warning')
    expect(statusAt(Number(near) - 0.001)).toBe('Healthy')
  })

  test('the documented error rate, the rules and the dashboard exclude failures of clients', () => {
    const count = 'http_server_request_duration_seconds_count'
    const ratios = rules.match(/record: bifrost:failed_requests.*\n.*/g) ?? []
    expect(ratios).toHaveLength(4)
    for (const ratio of ratios) expect(ratio).toContain(`${count}{${failed}}`)
    expect(readFileSync(join(deploy, '../docs/metrics.md'), 'utf8')).toContain(`${count}{${failed}}`)
    expect(text('grafana/bifrost-bridge.json')).toContain(JSON.stringify(failed).slice(1, -1))
    const excluded = Object.entries(errorTable).filter(([code]) => /^(?:|CLIENT_.+)$/.test(code))
    expect(excluded.map(([code]) => code)).toEqual(['CLIENT_ABORTED', 'CLIENT_STALLED'])
  })
})
