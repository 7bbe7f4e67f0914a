import { describe, expect, test } from 'vitest'
import type { ChangeOutcome } from '../../../../src/supervise/limits/limit-book.ts'
import { LimitBook } from '../../../../src/supervise/limits/limit-book.ts'
import { createServices } from '../../../../src/supervise/services/services.ts'
import { load } from '../../../kit/configuration/config-text.ts'

function book(worker: object, others: object = {}) {
  const { workers } = load({
    mode: 'Combined',
    listen_addr: '127.0.0.1:8080',
    workers: { reverse_proxy: { target: 'http://127.0.0.1:3000', ...worker }, ...others },
  }).settings
  const services = workers.flatMap(createServices)
  return { services, limits: new LimitBook(workers, services, 4) }
}

const changed = (outcome: ChangeOutcome) => ('changed' in outcome ? outcome.changed : outcome.problem)

describe('limit book', () => {
  test('contains the limits that instances are judged by', () => {
    const { limits } = book({ max_memory_mb: 64, max_cpu_percent: 20, stuck_secs: 1.5 })
    expect(limits.of('reverse_proxy')).toEqual({
      maxMemoryBytes: 64 * 1024 * 1024,
      maxCpuPercent: 20,
      stuckMs: 1_500,
      cpus: 4,
    })
  })

  test('divides max_connections, and max_connections_per_client rounded up', () => {
    const { limits } = book({ max_connections: 11, worker_threads: 2, max_connections_per_client: 5 })
    const first = limits.allot('reverse_proxy#1', 'reverse_proxy', 0)
    expect(first.maxConnections).toEqual({ reverse: 6 })
    expect(first.worker.maxConnectionsPerClient).toBe(3)
    expect(limits.allot('reverse_proxy#2', 'reverse_proxy', 1).maxConnections).toEqual({ reverse: 5 })
  })

  test('divides rate limits, with at least one request each, and announces the total', () => {
    const rules = [{ id: 'few', limit: 1, window_secs: 60 }]
    const { limits } = book({
      worker_threads: 4,
      rate_limiting: { default_limit: { limit: 10, window_secs: 60, burst: 9 }, rules },
    })
    expect(
      limits.allot('reverse_proxy#1', 'reverse_proxy', 0).worker.services[0]?.rates?.rules,
    ).toMatchObject([
      { id: 'default', quota: 10, limit: 2.5, burst: 2 },
      { id: 'few', quota: 1, limit: 0.25, burst: 1 },
    ])
  })

  test('keeps a change for later instances and returns the new shares of running ones', () => {
    const { limits, services } = book({ max_connections: 10, worker_threads: 2 })
    limits.allot('reverse_proxy#1', 'reverse_proxy', 0)
    limits.allot('reverse_proxy#2', 'reverse_proxy', 1)
    limits.end('reverse_proxy#1')
    const outcome = limits.change('reverse_proxy', { maxConnections: 5, maxMemoryMb: 64 })
    expect(changed(outcome)).toEqual([
      { limit: 'max_connections', from: 10, to: 5 },
      { limit: 'max_memory_mb', from: 1024, to: 64 },
    ])
    expect(services[0]?.maxConnections).toBe(5)
    expect([...limits.sharesOf('reverse_proxy')]).toEqual([['reverse_proxy#2', { reverse: 2 }]])
    const next = limits.allot('reverse_proxy#3', 'reverse_proxy', 0)
    expect([next.maxConnections, next.worker.maxMemoryMb]).toEqual([{ reverse: 3 }, 64])
  })

  test('does not report an unchanged limit', () => {
    const { limits } = book({ max_cpu_percent: 20 })
    expect(changed(limits.change('reverse_proxy', { maxCpuPercent: 20 }))).toEqual([])
  })

  test('changes the services of a combined worker individually, and their sum', () => {
    const { limits, services } = book({ max_connections: 10 }, { forward_proxy: { max_connections: 20 } })
    const outcome = limits.change('combined', { maxConnections: { forward: 5 } })
    expect(changed(outcome)).toEqual([{ limit: 'max_connections.forward', from: 20, to: 5 }])
    expect(services.map(({ type, maxConnections }) => [type, maxConnections])).toEqual([
      ['forward', 5],
      ['reverse', 10],
      ['combined', 15],
    ])
  })

  test.each([
    ['an unknown service', { maxConnections: { static: 5 }, maxMemoryMb: 64 }, 'no service static'],
    ['fewer connections than instances', { maxConnections: 2, maxMemoryMb: 64 }, 'at least 3'],
  ])('refuses %s without any change', (_name, change, problem) => {
    const { limits } = book({ max_connections: 10, worker_threads: 3 })
    expect(changed(limits.change('reverse_proxy', change))).toContain(problem)
    expect(limits.of('reverse_proxy').maxMemoryBytes).toBe(1024 * 1024 * 1024)
  })

  test('requires the names of the services of a combined worker', () => {
    const { limits } = book({}, { forward_proxy: {} })
    expect(changed(limits.change('combined', { maxConnections: 5 }))).toContain('forward, reverse')
  })
})
