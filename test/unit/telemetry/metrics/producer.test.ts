import { ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { Families } from '../../../../src/telemetry/metrics/family.ts'
import { createProducer } from '../../../../src/telemetry/metrics/producer.ts'

const own = { 'proxy.worker.name': 'w', 'proxy.type': 'reverse' }

function someFamilies() {
  const families = new Families()
  families.add('proxy.tunnels', own, 3)
  families.add('proxy.tunnels.active', own, 1)
  families.add('proxy.worker.health', own, 2)
  families.add('proxy.disk.time', own, 0.5)
  const buckets = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
  families.add('http.server.request.duration', own, { sum: 11.5, count: 2, buckets })
  return families.all()
}

const producer = createProducer({
  families: someFamilies,
  startedAt: 1_500,
  now: () => 2_000.25,
})

/** The metrics by name, as an SDK reader collects them from the producer. */
async function collected() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [producer] })
  const provider = new MeterProvider({ readers: [reader] })
  await provider.forceFlush()
  const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
  await provider.shutdown()
  return {
    scope: scopes.at(-1)?.scope,
    metrics: new Map(scopes.flatMap(({ metrics }) => metrics).map((data) => [data.descriptor.name, data])),
  }
}

describe('metrics that an SDK reader collects from the producer', () => {
  test('have the SDK data type of their instrument', async () => {
    const { metrics } = await collected()
    expect(metrics.get('proxy.tunnels')).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      descriptor: { unit: '{tunnel}', valueType: ValueType.INT },
    })
    expect(metrics.get('proxy.tunnels.active')).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: false,
    })
    expect(metrics.get('proxy.worker.health')).toMatchObject({ dataPointType: DataPointType.GAUGE })
    expect(metrics.get('proxy.disk.time')).toMatchObject({ descriptor: { valueType: ValueType.DOUBLE } })
    expect(metrics.get('http.server.request.duration')?.dataPointType).toBe(DataPointType.HISTOGRAM)
  })

  test('have attributes, values and times', async () => {
    const { metrics, scope } = await collected()
    expect(scope).toMatchObject({ name: 'bifrost-bridge' })
    expect(metrics.get('proxy.tunnels')?.dataPoints).toEqual([
      { attributes: own, value: 3, startTime: [1, 500_000_000], endTime: [2, 250_000] },
    ])
  })

  test('have one more bucket than bounds', async () => {
    const { metrics } = await collected()
    const [point] = metrics.get('http.server.request.duration')?.dataPoints ?? []
    const value = point?.value as Histogram | undefined
    expect([value?.sum, value?.count]).toEqual([11.5, 2])
    expect(value?.buckets.counts.length).toBe(15)
    expect(value?.buckets.boundaries.length).toBe(14)
  })
})
