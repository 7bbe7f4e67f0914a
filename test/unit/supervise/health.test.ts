import { describe, expect, it } from 'vitest'
import { type HealthReading, health } from '../../../src/supervise/health.ts'

const quiet: HealthReading = {
  isAlive: true,
  state: 'accepting',
  activeConnections: 0,
  maxConnections: 100,
  memoryBytes: 0,
  maxMemoryBytes: 1000,
}

describe('health', () => {
  it.each([
    ['nothing to do', {}, 'Healthy', []],
    ['connections just below 0.8', { activeConnections: 79 }, 'Healthy', []],
    ['connections at 0.8', { activeConnections: 80 }, 'Warning', ['connections at 80 % of the limit']],
    ['memory at 0.8', { memoryBytes: 800 }, 'Warning', ['memory at 80 % of the limit']],
    ['memory just below 0.95', { memoryBytes: 949 }, 'Warning', ['memory at 95 % of the limit']],
    ['connections at 0.95', { activeConnections: 95 }, 'Critical', ['connections at 95 % of the limit']],
    ['memory at 0.95', { memoryBytes: 950 }, 'Critical', ['memory at 95 % of the limit']],
    ['degraded', { state: 'degraded' }, 'Warning', ['the worker is degraded']],
    ['draining', { state: 'draining' }, 'Warning', ['the worker is draining']],
    ['saturated', { state: 'saturated' }, 'Critical', ['max_connections is reached']],
    ['not alive', { isAlive: false, state: null }, 'Critical', ['no instance is alive']],
    [
      'not alive, since it was drained',
      { isAlive: false, state: null, plannedEnd: 'drained' },
      'Warning',
      ['the worker is drained'],
    ],
    [
      'full while it is drained',
      { state: 'saturated', activeConnections: 100, plannedEnd: 'draining' },
      'Warning',
      ['max_connections is reached', 'connections at 100 % of the limit', 'the worker is draining'],
    ],
  ] as const)('%s', (_name, change, status, reasons) => {
    const result = health({ ...quiet, ...change })
    expect([result.status, result.reasons]).toEqual([status, reasons])
  })

  it('tells both utilisations', () => {
    expect(health({ ...quiet, activeConnections: 25, memoryBytes: 500 })).toMatchObject({
      connectionUtilization: 0.25,
      memoryUtilization: 0.5,
    })
  })
})
