import { describe, expect, test } from 'vitest'
import { HealthLog, healthLine } from '../../../../src/supervise/views/health-log.ts'
import type { WorkerHealth } from '../../../../src/supervise/views/shapes.ts'

const health = (status: WorkerHealth['status'], change: Partial<WorkerHealth> = {}): WorkerHealth => ({
  proxy_type: 'ReverseProxy',
  status,
  reasons: [],
  connection_utilization: 0.8512,
  memory_utilization: 0.12,
  active_connections: 1,
  total_requests: 1,
  ...change,
})

describe('healthLine', () => {
  test('S150: logs a healthy type at info', () => {
    expect(healthLine(health('Healthy'))).toMatchObject({
      level: 'info',
      message: 'Worker ReverseProxy is healthy',
    })
  })

  test('S151: warns with both percentages', () => {
    expect(healthLine(health('Warning', { reasons: ['connections at 85 % of the limit'] }))).toEqual({
      level: 'warn',
      message: 'Worker ReverseProxy warning: 85% connections, 12% memory',
      fields: { reasons: ['connections at 85 % of the limit'] },
    })
  })

  test('S152: logs at error that immediate attention is needed', () => {
    expect(healthLine(health('Critical'))).toMatchObject({
      level: 'error',
      message: 'Worker ReverseProxy critical - immediate attention required',
      fields: { connections: '85%', memory: '12%' },
    })
  })
})

describe('HealthLog', () => {
  test('logs one line per change, and no line for a healthy start', () => {
    const lines: string[] = []
    const log = new HealthLog((level) => lines.push(level))
    for (const status of ['Healthy', 'Warning', 'Warning', 'Critical', 'Critical', 'Healthy'] as const)
      log.update({ reverse_proxy: health(status) })
    expect(lines).toEqual(['warn', 'error', 'info'])
  })

  test('keeps services apart', () => {
    const lines: string[] = []
    const log = new HealthLog((_level, message) => lines.push(message))
    log.update({ a: health('Critical'), b: health('Healthy', { proxy_type: 'StaticFiles' }) })
    expect(lines).toEqual(['Worker ReverseProxy critical - immediate attention required'])
  })
})
