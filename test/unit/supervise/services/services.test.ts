import { describe, expect, test } from 'vitest'
import { createServices, type Service } from '../../../../src/supervise/services/services.ts'
import { openCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'
import { Meter } from '../../../../src/telemetry/metrics/meter.ts'
import { histogramAt } from '../../../../src/telemetry/metrics/series.ts'
import { methods, overflowKeys, serverKey } from '../../../../src/telemetry/metrics/series-key.ts'
import { load } from '../../../kit/configuration/config-text.ts'

function createReverse(): Service {
  const { settings } = load({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:8080',
    workers: { reverse_proxy: { target: 'http://127.0.0.1:3000' } },
  })
  const [service] = settings.workers.flatMap(createServices)
  if (service === undefined) throw new Error('there is no service')
  return service
}

const perInstance = 400

/** Counts requests in series that no other instance has. */
function fill(service: Service, instance: number): void {
  const meter = new Meter(openCounterBlock(service.openBlock(`i${instance}`)))
  for (let n = 0; n < perInstance; n += 1) {
    const at = instance * perInstance + n
    meter.finished(serverKey(at % methods.length, false, 11, 200 + Math.floor(at / methods.length), 0, 1), 1)
  }
}

/** Counts by series. */
const countsOf = (service: Service) =>
  new Map([...service.reading(0).series].map(([key, values]) => [key, histogramAt(values, 0).count]))

describe('the series of a service whose instances exceed its bound', () => {
  test('never lose a count, regardless of the order in which instances end or are read', () => {
    const service = createReverse()
    let before = countsOf(service)
    const isGrowing = () => {
      const now = countsOf(service)
      const fallen = [...before].filter(([key, count]) => (now.get(key) ?? 0) < count)
      expect(fallen).toEqual([])
      before = now
    }
    for (let instance = 0; instance < 4; instance += 1) fill(service, instance)
    isGrowing()
    // Eight hundred of these twelve hundred exceed the bound.
    for (let instance = 4; instance < 7; instance += 1) fill(service, instance)
    isGrowing()
    for (const ended of [6, 5, 0, 4, 1, 3, 2]) {
      service.closeBlock(`i${ended}`)
      isGrowing()
    }
    expect([...before.values()].reduce((sum, count) => sum + count, 0)).toBe(7 * perInstance)
    expect(before.size).toBe(2_001)
  })

  test('are the earliest ones; later counts stay in their overflow series', () => {
    const service = createReverse()
    for (let instance = 0; instance < 5; instance += 1) fill(service, instance)
    countsOf(service)
    fill(service, 5)
    const overflowed = () => countsOf(service).get(overflowKeys.server)
    expect(overflowed()).toBe(perInstance)
    service.closeBlock('i5')
    expect(overflowed()).toBe(perInstance)
    fill(service, 5)
    expect(overflowed()).toBe(2 * perInstance)
  })
})
