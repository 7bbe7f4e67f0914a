import { describe, expect, test } from 'vitest'
import {
  createBridge,
  exportMetrics,
  IsolatedProxyAdapter,
  IsolatedWorker,
  ProxyType,
  WorkerResourceLimits,
} from '../../src/api.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { opensLoopback } from '../kit/configuration/destinations.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

const portOf = (addresses: readonly { readonly port: number }[] | undefined) => addresses?.[0]?.port ?? 0

describe('createBridge', () => {
  test.each(['thread', 'shared'] as const)(
    'serves in %s isolation and leaves the process alone',
    async (isolation) => {
      const handlers = () =>
        ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'uncaughtException'].map((name) =>
          process.listenerCount(name),
        )
      const before = handlers()
      await using origin = await startOrigin()
      const bridge = await createBridge({
        mode: 'Reverse',
        listen_addr: '127.0.0.1:0',
        workers: { reverse_proxy: { target: `http://${origin.authority}`, isolation } },
      })
      using client = await RawClient.connect(portOf(bridge.addresses['reverse_proxy']))
      expect((await client.get('/')).text).toBe('hello')
      expect(bridge.healthCheck().workers['reverse_proxy']?.status).toBe('Healthy')
      expect(bridge.exportMetrics()).toContain('worker_connections_active{proxy_type="ReverseProxy"} 1\n')
      expect(handlers()).toEqual(before)
      client.destroy()
      await bridge.close()
      expect(handlers()).toEqual(before)
    },
  )

  test('reports every bad field', async () => {
    const bad = createBridge({ mode: 'Forward', listen_addr: 'nowhere', drain_timeout_secs: -1 })
    await expect(bad).rejects.toThrow(/listen_addr.*\n.*drain_timeout_secs/)
  })
})

describe("the seed's usage example", () => {
  test('runs two separate workers, each with its adapter', async () => {
    await using origin = await startOrigin()
    const forwardWorker = new IsolatedWorker(
      ProxyType.ForwardProxy,
      WorkerResourceLimits.defaultForForward(),
      { destinations: opensLoopback },
    )
    const reverseWorker = new IsolatedWorker(
      ProxyType.ReverseProxy,
      WorkerResourceLimits.defaultForReverse(),
      {
        target: `http://${origin.authority}`,
      },
    )
    await using forwardAdapter = new IsolatedProxyAdapter({ worker: forwardWorker, addr: '127.0.0.1:0' })
    await using reverseAdapter = new IsolatedProxyAdapter({ worker: reverseWorker, addr: '127.0.0.1:0' })
    const forward = await forwardAdapter.run()
    const reverse = await reverseAdapter.run()
    using one = await RawClient.connect(forward.port)
    expect((await one.get(`http://${origin.authority}/`)).text).toBe('hello')
    using two = await RawClient.connect(reverse.port)
    expect((await two.get('/')).text).toBe('hello')
    await until(
      'both are counted',
      () => forwardWorker.metrics?.requestsTotal === 1 && reverseWorker.metrics?.requestsTotal === 1,
    )
    expect(forwardWorker.healthCheck()).toMatchObject({
      status: 'Healthy',
      active_connections: 1,
      total_requests: 1,
    })
    expect(exportMetrics(reverseWorker)).toMatch(
      /^worker_connections_active\{proxy_type="ReverseProxy"\} 1\nworker_requests_total\{proxy_type="ReverseProxy"\} 1\nworker_response_time_seconds\{proxy_type="ReverseProxy"\} \d+\.\d{3}\n$/,
    )
  })

  test('has the limits of the table', () => {
    expect(WorkerResourceLimits.defaultForForward()).toMatchObject({
      maxConnections: 1000,
      maxMemoryMb: 512,
      maxCpuPercent: 50,
      connectionTimeoutSecs: 10,
      idleTimeoutSecs: 90,
    })
    expect(WorkerResourceLimits.defaultForReverse()).toMatchObject({
      maxConnections: 2000,
      maxMemoryMb: 1024,
      maxCpuPercent: 80,
      connectionTimeoutSecs: 5,
      idleTimeoutSecs: 60,
    })
    expect(WorkerResourceLimits.defaultForStatic()).toMatchObject({
      maxConnections: 500,
      maxMemoryMb: 256,
      maxCpuPercent: 30,
      connectionTimeoutSecs: null,
      idleTimeoutSecs: 30,
    })
  })

  test.each([
    [999, 511, true],
    [1000, 511, false],
    [999, 512, false],
    [1000, 512, false],
  ])('enforceLimits with %i connections and %i MB is %s', (connectionsActive, memoryMb, isWithin) => {
    expect(WorkerResourceLimits.defaultForForward().enforceLimits({ connectionsActive, memoryMb })).toBe(
      isWithin,
    )
  })

  test('refuses an invalid address and invalid limits', () => {
    const worker = new IsolatedWorker(ProxyType.ForwardProxy, WorkerResourceLimits.defaultForForward(), {
      destinations: opensLoopback,
    })
    expect(() => new IsolatedProxyAdapter({ worker, addr: 'nowhere' })).toThrow('addr: has no port')
    expect(
      () => new WorkerResourceLimits({ ...WorkerResourceLimits.defaultForForward(), maxConnections: 0 }),
    ).toThrow('maxConnections is 0; it must be a positive number')
  })
})
