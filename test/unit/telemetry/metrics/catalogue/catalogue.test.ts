import { describe, expect, test } from 'vitest'
import { catalogue, metricOf } from '../../../../../src/telemetry/metrics/catalogue/catalogue.ts'
import {
  familyName,
  type Metric,
  sampleNames,
} from '../../../../../src/telemetry/metrics/catalogue/metric.ts'
import { bifrostMetrics, seedMetrics } from '../../../../../src/telemetry/metrics/text/prometheus-legacy.ts'

const metrics: readonly Metric[] = catalogue

describe('the catalogue', () => {
  test('has unique names, both in OpenTelemetry and in Prometheus', () => {
    const names = metrics.map(({ name }) => name)
    const samples = [
      ...metrics.flatMap(sampleNames),
      ...[...bifrostMetrics, ...seedMetrics].map(({ name }) => name),
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(samples).size).toBe(samples.length)
  })

  test('has ascending bounds, for histograms only', () => {
    for (const { instrument, bounds } of metrics) {
      expect(bounds !== undefined).toBe(instrument === 'histogram')
      expect(bounds?.toSorted((one, other) => one - other)).toEqual(bounds)
    }
  })

  test('gives the prefix proxy. to all names outside the conventions and no others', () => {
    for (const { name, isStandard } of metrics) expect(name.startsWith('proxy.')).toBe(!isStandard)
  })
})

test.each([
  ['http.server.request.duration', 'http_server_request_duration_seconds'],
  ['http.server.request.body.size', 'http_server_request_body_size_bytes'],
  ['proxy.tunnel.bytes', 'proxy_tunnel_bytes'],
  ['proxy.connections.active', 'proxy_connections_active'],
  ['proxy.limit.utilization', 'proxy_limit_utilization_ratio'],
  ['process.unix.file_descriptor.count', 'process_unix_file_descriptor_count'],
] as const)('%s is %s in Prometheus', (name, family) => {
  expect(familyName(metricOf(name))).toBe(family)
})
