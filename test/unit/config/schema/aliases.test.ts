import { describe, expect, test } from 'vitest'
import { load, messages, worker } from '../../../kit/configuration/config-text.ts'

const listen_addr = '127.0.0.1:8080'
const forward = (block: object) => ({ mode: 'Forward', listen_addr, workers: { forward_proxy: block } })
const files = (block: object) => ({
  mode: 'Static',
  listen_addr,
  workers: { static_files: { mounts: [{ path: '/', root_dir: '.' }], ...block } },
})

describe('two names of one value (D04)', () => {
  test.each([
    ['max_connections', { max_connections: 7 }, { resource_limits: { max_connections: 7 } }],
    ['max_memory_mb', { max_memory_mb: 64 }, { resource_limits: { max_memory_mb: 64 } }],
    ['max_cpu_percent', { max_cpu_percent: 12.5 }, { resource_limits: { max_cpu_percent: 12.5 } }],
    [
      'connect_secs',
      { timeouts: { connect_secs: 1.5 } },
      { resource_limits: { connection_timeout_secs: 1.5 } },
    ],
    ['idle_secs', { timeouts: { idle_secs: 3 } }, { resource_limits: { idle_timeout_secs: 3 } }],
    [
      'lifetime_secs',
      { timeouts: { lifetime_secs: 0 } },
      { resource_limits: { max_connection_lifetime_secs: 0 } },
    ],
  ])('for %s have the same effect', (_, one, other) => {
    expect(load(forward(one)).effective).toEqual(load(forward(other)).effective)
    expect(load(forward({ ...one, ...other })).effective).toEqual(load(forward(other)).effective)
    expect(load(forward(one)).effective).not.toEqual(load(forward({})).effective)
  })

  test('with different values are refused, and the message names both', () => {
    expect(messages(forward({ max_memory_mb: 512, resource_limits: { max_memory_mb: 256 } }))).toEqual([
      'workers.forward_proxy.max_memory_mb: is 512, but resource_limits.max_memory_mb is 256, an alias of it; keep one of them',
    ])
  })

  test('with different values are refused in a disabled worker too', () => {
    const off = { enabled: false, max_connections: 1, resource_limits: { max_connections: 2 } }
    expect(messages({ mode: 'Forward', listen_addr, workers: { reverse_proxy: off } })).toHaveLength(1)
  })
})

describe('connection timeout of static files (D10)', () => {
  test.each([
    ['resource_limits.connection_timeout_secs', { resource_limits: { connection_timeout_secs: 3 } }],
    ['timeouts.connect_secs', { timeouts: { connect_secs: 3 } }],
    ['timeouts.header_secs', { timeouts: { header_secs: 3 } }],
  ])('given as %s is the header timeout', (_, block) => {
    expect(worker(files(block), 'static_files').services[0]?.timeouts.headerMs).toBe(3000)
  })

  test('is refused if it differs from header_secs', () => {
    expect(messages(files({ timeouts: { header_secs: 3, connect_secs: 4 } }))).toEqual([
      'workers.static_files.timeouts.connect_secs: is 4, but timeouts.header_secs is 3, an alias of it; keep one of them',
    ])
  })

  test.each([
    ['connection_pool', { connection_pool: {} }],
    ['timeouts.response_secs', { timeouts: { response_secs: 1 } }],
    ['timeouts.lifetime_secs', { timeouts: { lifetime_secs: 1 } }],
  ])('the key %s has no effect and is refused', (key, block) => {
    expect(messages(files(block))).toEqual([
      `workers.static_files.${key}: does not apply to static_files, only to forward_proxy and reverse_proxy; remove it`,
    ])
  })
})
