import { describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

const config = (target: string, drainSecs: number) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  drain_timeout_secs: drainSecs,
  workers: { forward_proxy: { port: 0 }, reverse_proxy: { port: 0, target } },
})

async function openTunnel(running: TestDaemon, authority: string): Promise<RawClient> {
  const tunnel = await RawClient.connect(running.port('forward_proxy'))
  tunnel.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
  expect((await tunnel.responseHead()).status).toBe(200)
  return tunnel
}

const workers = ['forward_proxy', 'reverse_proxy'] as const

/** Replaces both workers; in `shared`, where there is no replacement, ends the daemon. */
function drain(running: TestDaemon, isolation: string): void {
  if (isolation === 'shared') running.daemon.stop()
  else for (const worker of workers) running.daemon.recycle(worker)
}

const areGone = (running: TestDaemon) => workers.every((worker) => running.stateOf(`${worker}#1`) === null)

describe.each(['thread', 'process', 'shared'] as const)('a draining instance (%s)', (isolation) => {
  test('lets its exchange and its tunnel finish', async () => {
    const gate = Promise.withResolvers<void>()
    await using origin = await startOrigin(async (req, res) => {
      if (req.url === '/late') await gate.promise
      res.end('whole')
    })
    await using running = await startTestDaemon(config(`http://${origin.authority}`, 60), { isolation })
    using tunnel = await openTunnel(running, origin.authority)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    const answer = client.get('/late')
    await until('the origin has the request', () => origin.seen.length === 1)
    drain(running, isolation)
    const isDraining = (worker: string) => /retiring|draining/.test(running.stateOf(`${worker}#1`) ?? '')
    await until('they drain', () => workers.every(isDraining))
    expect((await tunnel.get('/')).text).toBe('whole')
    gate.resolve()
    expect((await answer).text).toBe('whole')
    tunnel.end()
    await until('they are gone', () => areGone(running))
    expect(running.log.filter((line) => line.includes('timed out'))).toEqual([])
  })

  test('closes open connections at the deadline, counts and logs them', async () => {
    await using origin = await startOrigin(() => {})
    await using running = await startTestDaemon(config(`http://${origin.authority}`, 0.3), { isolation })
    using tunnel = await openTunnel(running, origin.authority)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET / HTTP/1.1', 'Host: client.test')
    await until('the origin has the request', () => origin.seen.length === 1)
    drain(running, isolation)
    await Promise.all([client.ended(), tunnel.ended()])
    await until('they are gone', () => areGone(running))
    const lines = running.log.filter((line) => line.includes('timed out'))
    const lineOf = (worker: string) =>
      `warn the drain timed out; open connections are closed {"instance":"${worker}#1","connections":1}`
    expect(lines.toSorted()).toEqual(workers.map(lineOf))
    const block = (worker: string) => running.daemon.overview.counters(worker)
    expect(block('reverse_proxy')).toMatchObject({
      requestsTotal: 1,
      requestsFailed: 1,
      connectionsActive: 0,
    })
    expect(block('forward_proxy')).toMatchObject({ tunnelsTotal: 1, tunnelsActive: 0, connectionsActive: 0 })
  })
})
