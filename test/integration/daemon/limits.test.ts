import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const reverseTo = (target: string, limits: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target, ...limits } },
})

async function openAll(
  port: number,
  count: number,
): Promise<readonly { client: RawClient; status: number }[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)))
  return await Promise.all(
    clients.map(async (client) => ({ client, status: (await client.get('/')).status })),
  )
}

describe.each(['thread', 'process', 'shared'] as const)('max_connections (%s)', (isolation) => {
  test.each([1, 3])('admits at most 100 of 200 connections with %i instances', async (instances) => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      reverseTo(`http://${origin.authority}`, { max_connections: 100, worker_threads: instances }),
      { isolation },
    )
    const answers = await openAll(running.port('reverse_proxy'), 200)
    const served = answers.filter(({ status }) => status === 200).length
    // The kernel assigns connections to instances by hash, so one instance may be full while another has
    // room.
    if (instances === 1) expect(served).toBe(100)
    else expect(served).toBeLessThanOrEqual(100)
    expect(answers.filter(({ status }) => status === 503).length).toBe(200 - served)
    for (const { client } of answers) client.destroy()
  })

  test('answers a connection over the limit with 503 and Retry-After, and closes it', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      reverseTo(`http://${origin.authority}`, { max_connections: 1 }),
      { isolation },
    )
    using first = await RawClient.connect(running.port('reverse_proxy'))
    await first.get('/')
    using second = await RawClient.connect(running.port('reverse_proxy'))
    const answer = await second.get('/')
    expect(answer.status).toBe(503)
    expect(answer.get('retry-after')).toBe('1')
    expect(answer.get('connection')).toBe('close')
    await second.ended()
  })

  test('saturates the worker until the first connection ends', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      reverseTo(`http://${origin.authority}`, { max_connections: 2 }),
      { isolation },
    )
    const [first, second] = await openAll(running.port('reverse_proxy'), 2)
    await until('saturated', () => running.stateOf('reverse_proxy#1/reverse') === 'saturated')
    expect((await running.admin('/health')).status).toBe(503)
    first?.client.destroy()
    await until('accepting', () => running.stateOf('reverse_proxy#1/reverse') === 'accepting')
    second?.client.destroy()
  })

  test('applies separately to each service on a shared port', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      {
        mode: 'Combined',
        listen_addr: '127.0.0.1:0',
        workers: {
          forward_proxy: { max_connections: 1 },
          reverse_proxy: { target: `http://${origin.authority}`, max_connections: 5 },
        },
      },
      { isolation },
    )
    const port = running.port('combined')
    using first = await RawClient.connect(port)
    using second = await RawClient.connect(port)
    using third = await RawClient.connect(port)
    expect((await first.get(`http://${origin.authority}/`)).status).toBe(200)
    expect((await second.get(`http://${origin.authority}/`)).status).toBe(503)
    expect((await third.get('/')).status).toBe(200)
    expect(running.stateOf('combined#1/forward')).toBe('saturated')
    expect(running.stateOf('combined#1/reverse')).toBe('accepting')
  })
})
