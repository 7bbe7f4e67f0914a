import { describe, expect, test } from 'vitest'
import { createCounterBlock, readCounters } from '../../../../../src/telemetry/metrics/counters.ts'
import { Families } from '../../../../../src/telemetry/metrics/family.ts'
import { Meter } from '../../../../../src/telemetry/metrics/meter.ts'
import {
  addSeries,
  type Series,
  SeriesPlaces,
  tunnelLives,
} from '../../../../../src/telemetry/metrics/series.ts'
import { serverKey } from '../../../../../src/telemetry/metrics/series-key.ts'
import { parityFamilies } from '../../../../../src/telemetry/metrics/text/prometheus-parity.ts'
import {
  renderFamily,
  type TextFamily,
  type TextFormat,
  textFamily,
} from '../../../../../src/telemetry/metrics/text/prometheus-text.ts'

function textOf(families: readonly TextFamily[], format: TextFormat): string {
  let text = ''
  for (const family of families) {
    renderFamily(family, format, (lines) => {
      text += lines
    })
  }
  return text
}

function rendered(fill: (families: Families) => void, format: TextFormat): string {
  const families = new Families()
  fill(families)
  return textOf(families.all().map(textFamily), format)
}

describe('the text of a family', () => {
  test('has the counter suffix everywhere in the older format', () => {
    const text = rendered(
      (families) => families.add('proxy.tunnel.bytes', { 'network.io.direction': 'receive' }, 7),
      'prometheus',
    )
    expect(text.split('\n').slice(1)).toEqual([
      '# TYPE proxy_tunnel_bytes_total counter',
      'proxy_tunnel_bytes_total{network_io_direction="receive"} 7',
      '',
    ])
    expect(text).toMatch(/^# HELP proxy_tunnel_bytes_total /)
  })

  test('has the counter suffix only at the sample in OpenMetrics, and a unit', () => {
    const text = rendered((families) => families.add('proxy.disk.time', {}, 0.25), 'openmetrics')
    expect(text.split('\n').slice(1)).toEqual([
      '# TYPE proxy_disk_time_seconds counter',
      '# UNIT proxy_disk_time_seconds seconds',
      'proxy_disk_time_seconds_total 0.25',
      '',
    ])
  })

  test('has cumulative buckets, and its count is the last of them', () => {
    const buckets = [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]
    const fill = (families: Families) =>
      families.add('proxy.tunnel.duration', { 'proxy.type': 'forward' }, { sum: 9, count: 99, buckets })
    const lines = rendered(fill, 'prometheus').split('\n')
    expect(lines[2]).toBe('proxy_tunnel_duration_seconds_bucket{proxy_type="forward",le="0.1"} 2')
    expect(lines[4]).toBe('proxy_tunnel_duration_seconds_bucket{proxy_type="forward",le="1"} 3')
    expect(lines.slice(17)).toEqual([
      'proxy_tunnel_duration_seconds_bucket{proxy_type="forward",le="+Inf"} 7',
      'proxy_tunnel_duration_seconds_sum{proxy_type="forward"} 9',
      'proxy_tunnel_duration_seconds_count{proxy_type="forward"} 7',
      '',
    ])
    expect(rendered(fill, 'openmetrics')).toContain('le="1.0"} 3')
  })

  test('escapes characters that would end a label value', () => {
    const fill = (families: Families) => families.add('proxy.tunnels', { 'proxy.type': 'a"b\\c\nd' }, 1)
    expect(rendered(fill, 'prometheus')).toContain('{proxy_type="a\\"b\\\\c\\nd"} 1\n')
  })

  test('is empty without families', () => {
    expect(rendered(() => {}, 'prometheus')).toBe('')
  })
})

describe('parity names', () => {
  const block = createCounterBlock()
  const meter = new Meter(block)
  for (const seconds of [0.0005, 0.06, 0.6, 100]) {
    meter.sizes(meter.finished(serverKey(1, false, 11, 200, 0, 1), seconds), 0, 1_000)
  }
  const series: Series = new Map()
  addSeries(series, block, new SeriesPlaces())
  const reading = {
    worker: 'reverse_proxy',
    type: 'reverse' as const,
    isPart: false,
    counters: readCounters(block),
    connectionsActive: 2,
    refused: { OVER_LIMIT: 0 },
    series,
    tunnelLives: tunnelLives([block]),
    activeRequests: [],
    routes: ['/'],
    target: null,
    responseTimeSeconds: 0.0254,
  }
  const text = (readings: (typeof reading)[], secrets: number | null = 3) =>
    textOf(parityFamilies(readings, secrets), 'prometheus')

  test('have their own buckets, computed from the same cells', () => {
    const lines = text([reading]).split('\n')
    const counts = lines
      .filter((line) => line.startsWith('bifrost_request_duration_seconds_bucket'))
      .map((line) => /le="([^"]+)"\} (\d+)/.exec(line)?.slice(1).join(': '))
    expect(counts).toEqual([
      '0.001: 1',
      '0.005: 1',
      '0.01: 1',
      '0.025: 1',
      '0.05: 1',
      '0.1: 2',
      '0.25: 2',
      '0.5: 2',
      '1: 3',
      '2.5: 3',
      '5: 3',
      '10: 3',
      '+Inf: 4',
    ])
  })

  test('add up the workers of one type', () => {
    const both = text([reading, reading])
    expect(both).toContain('bifrost_connections_active{proxy_type="reverse"} 4\n')
    expect(both).toContain('bifrost_response_bytes_total{proxy_type="reverse"} 8000\n')
    expect(both).toContain('bifrost_average_response_time_ms{proxy_type="reverse"} 25.4\n')
  })

  test('include process metrics only if the whole process is requested', () => {
    expect(text([reading])).toContain('bifrost_config_secret_decrypt_success_total 3\n')
    expect(text([reading], null)).not.toContain('bifrost_config_secret')
  })
})
