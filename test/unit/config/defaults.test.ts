import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { ServiceSettings, ServiceType } from '../../../src/config/settings/settings.ts'
import { load } from '../../kit/configuration/config-text.ts'

/** Settings of a service that omits every optional key. */
function bareService(type: ServiceType): ServiceSettings {
  const { workers } = load({
    mode: 'Combined',
    listen_addr: '127.0.0.1:8080',
    workers: {
      forward_proxy: {},
      reverse_proxy: { target: 'http://127.0.0.1:3000' },
      static_files: { mounts: [{ path: '/', root_dir: '.' }] },
    },
  }).settings
  const service = workers[0]?.services.find((one) => one.type === type)
  if (service === undefined) throw new Error(`no service ${type}`)
  return service
}

describe('defaults of the seed', () => {
  test.each([
    ['forward', 1000],
    ['reverse', 2000],
    ['static', 500],
  ] as const)('S118: %s serves %i connections', (type, maxConnections) => {
    expect(bareService(type).maxConnections).toBe(maxConnections)
  })

  test.each([
    ['forward', 512],
    ['reverse', 1024],
    ['static', 256],
  ] as const)('S119: %s may use %i MB of memory', (type, maxMemoryMb) => {
    expect(bareService(type).maxMemoryMb).toBe(maxMemoryMb)
  })

  test.each([
    ['forward', 50],
    ['reverse', 80],
    ['static', 30],
  ] as const)('S120: %s may use %i %% of the CPU', (type, maxCpuPercent) => {
    expect(bareService(type).maxCpuPercent).toBe(maxCpuPercent)
  })

  test.each([
    ['forward', 10_000],
    ['reverse', 5000],
  ] as const)('S121: %s waits %i ms for an upstream connection', (type, connectMs) => {
    expect(bareService(type).timeouts.connectMs).toBe(connectMs)
  })

  test('S121: static files have no connection timeout of their own, only the header timeout', () => {
    const { timeouts } = bareService('static')
    expect(timeouts.connectMs).toBe(timeouts.headerMs)
  })

  test.each([
    ['forward', 90_000],
    ['reverse', 60_000],
    ['static', 30_000],
  ] as const)('S122: %s closes idle connections after %i ms', (type, idleMs) => {
    expect(bareService(type).timeouts.idleMs).toBe(idleMs)
  })

  test.each([
    ['forward', { lifetimeMs: 300_000, pool: { maxIdlePerHost: 50, idleMs: 300_000, http2: false } }],
    ['reverse', { lifetimeMs: 600_000, pool: { maxIdlePerHost: 100, idleMs: 600_000, http2: false } }],
  ] as const)('%s has the connection lifetime and the pool of the samples', (type, { lifetimeMs, pool }) => {
    const service = bareService(type)
    expect(service.timeouts.lifetimeMs).toBe(lifetimeMs)
    expect(service.timeouts.maxTunnelMs).toBe(0)
    expect(service).toHaveProperty('pool', pool)
  })

  test('admin listens on 127.0.0.1:9900, the demo upstream is off, and a stop waits 30 s', () => {
    const { settings } = load({ mode: 'Forward', listen_addr: '127.0.0.1:3128' })
    expect(settings.admin).toMatchObject({ enabled: true, listen: { host: '127.0.0.1', port: 9900 } })
    expect(settings.demoUpstream).toBeNull()
    expect(settings.drainTimeoutMs).toBe(30_000)
  })

  test('a mount serves index.html for directories and has SPA mode off', () => {
    expect(bareService('static')).toHaveProperty('mounts', [
      {
        path: '/',
        rootDir: tmpdir(),
        spaMode: false,
        spaFallbackFile: 'index.html',
        indexFiles: ['index.html'],
      },
    ])
  })
})
