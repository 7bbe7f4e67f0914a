import { describe, expect, test } from 'vitest'
import { load, messages, worker } from '../../kit/configuration/config-text.ts'

const listen_addr = '127.0.0.1:8080'
const reverse = { target: 'http://127.0.0.1:3000' }
const files = { mounts: [{ path: '/', root_dir: '.' }] }
const namesOf = (config: unknown) => load(config).settings.workers.map(({ name, type }) => `${name} ${type}`)

describe('single modes', () => {
  test('Forward needs no worker block', () => {
    expect(namesOf({ mode: 'Forward', listen_addr })).toEqual(['forward_proxy forward'])
  })

  test('Reverse runs the reverse proxy', () => {
    expect(namesOf({ mode: 'Reverse', listen_addr, workers: { reverse_proxy: reverse } })).toEqual([
      'reverse_proxy reverse',
    ])
  })

  test('Static runs the static files', () => {
    expect(namesOf({ mode: 'Static', listen_addr, workers: { static_files: files } })).toEqual([
      'static_files static',
    ])
  })

  test('a disabled block of another type is ignored', () => {
    const workers = { reverse_proxy: { enabled: false }, static_files: { enabled: false } }
    expect(namesOf({ mode: 'Forward', listen_addr, workers })).toEqual(['forward_proxy forward'])
  })

  test('an enabled block of another type is refused', () => {
    expect(messages({ mode: 'Forward', listen_addr, workers: { reverse_proxy: reverse } })).toEqual([
      'workers.reverse_proxy: does not run in mode Forward; set "enabled": false in it, or "mode": "Combined" to run both',
    ])
  })

  test('the worker of the mode cannot be disabled', () => {
    expect(
      messages({ mode: 'Forward', listen_addr, workers: { forward_proxy: { enabled: false } } }),
    ).toEqual(['workers.forward_proxy.enabled: is false, but mode Forward runs this worker; remove it'])
  })

  test('Reverse without a target is refused', () => {
    expect(messages({ mode: 'Reverse', listen_addr })).toEqual([
      'workers.reverse_proxy: has no target; add the upstream, such as "target": "http://127.0.0.1:3000"',
    ])
  })

  test('Static without mounts is refused', () => {
    expect(messages({ mode: 'Static', listen_addr, workers: { static_files: {} } })).toEqual([
      'workers.static_files: has no mounts; add the directories to serve, such as "mounts": [{ "path": "/", "root_dir": "./public" }]',
    ])
  })
})

describe('Combined', () => {
  test('two workers without a port share listen_addr as one combined worker (D02)', () => {
    const config = { mode: 'Combined', listen_addr, workers: { static_files: files, forward_proxy: {} } }
    const combined = worker(config, 'combined')
    expect(combined.listen).toEqual([{ host: '127.0.0.1', port: 8080 }])
    expect(combined.services.map(({ type }) => type)).toEqual(['forward', 'static'])
  })

  test('a single worker without a port uses listen_addr alone, the others their own ports', () => {
    const workers = {
      forward_proxy: { port: 3128 },
      reverse_proxy: reverse,
      static_files: { ...files, port: 8081 },
    }
    const config = { mode: 'Combined', listen_addr, workers }
    expect(namesOf(config)).toEqual(['forward_proxy forward', 'reverse_proxy reverse', 'static_files static'])
    expect(worker(config, 'reverse_proxy').listen).toEqual([{ host: '127.0.0.1', port: 8080 }])
  })

  test('a combined worker has the sum of the memory limits and the highest number of instances', () => {
    const workers = {
      forward_proxy: { max_memory_mb: 100, worker_threads: 2 },
      static_files: { ...files, max_memory_mb: 50, worker_threads: 3 },
    }
    const combined = worker({ mode: 'Combined', listen_addr, workers }, 'combined')
    expect([combined.maxMemoryMb, combined.instances]).toEqual([150, 3])
  })

  test.each([
    [20, 30, 50],
    [60, 70, 100],
  ])('a combined worker with %i and %i %% of the CPU has %i %%', (forward, statics, both) => {
    const workers = {
      forward_proxy: { max_cpu_percent: forward },
      static_files: { ...files, max_cpu_percent: statics },
    }
    expect(worker({ mode: 'Combined', listen_addr, workers }, 'combined').maxCpuPercent).toBe(both)
  })

  test('each type keeps its own connection limit in a combined worker (S180)', () => {
    const workers = { forward_proxy: { max_connections: 7 }, static_files: { ...files, max_connections: 9 } }
    const { services } = worker({ mode: 'Combined', listen_addr, workers }, 'combined')
    expect(services.map(({ maxConnections }) => maxConnections)).toEqual([7, 9])
  })

  test('a disabled worker is not started (S106)', () => {
    const workers = { forward_proxy: {}, reverse_proxy: { enabled: false } }
    expect(namesOf({ mode: 'Combined', listen_addr, workers })).toEqual(['forward_proxy forward'])
  })

  test.each([
    [{ forward_proxy: { enabled: false } }, 'workers'],
    [undefined, 'mode'],
  ])('a configuration without an enabled worker is refused (%j)', (workers, path) => {
    expect(messages({ mode: 'Combined', listen_addr, workers })).toEqual([
      `${path}: has nothing to run; enable one of forward_proxy, reverse_proxy, static_files in workers`,
    ])
  })

  test('instances follow worker_threads for every type (S115, D12)', () => {
    const workers = { reverse_proxy: { ...reverse, worker_threads: 4 } }
    expect(worker({ mode: 'Combined', listen_addr, workers }, 'reverse_proxy').instances).toBe(4)
  })
})

describe('worker_separation', () => {
  test('is an alias of workers (X01)', () => {
    expect(namesOf({ mode: 'Combined', listen_addr, worker_separation: { forward_proxy: {} } })).toEqual([
      'forward_proxy forward',
    ])
  })

  test('is refused next to workers', () => {
    expect(messages({ mode: 'Forward', listen_addr, workers: {}, worker_separation: {} })).toEqual([
      'worker_separation: is an alias of workers, which is present too; keep one of them',
    ])
  })

  test('is the key named in problems if the file uses it', () => {
    const worker_separation = { forward_proxy: { port: -1 } }
    expect(messages({ mode: 'Forward', listen_addr, worker_separation })).toEqual([
      'worker_separation.forward_proxy.port: is -1; must be a whole number from 0 to 65535',
    ])
  })

  test('may have an address per worker without a top-level one (X02)', () => {
    const worker_separation = {
      forward_proxy: { listen_addr: '127.0.0.1:3128' },
      static_files: { ...files, listen_addr: '127.0.0.1:9000' },
    }
    expect(namesOf({ mode: 'Combined', worker_separation })).toEqual([
      'forward_proxy forward',
      'static_files static',
    ])
  })
})
