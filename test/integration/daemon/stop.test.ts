import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { startDaemon } from '../../../src/daemon.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const workers = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: { forward_proxy: { port: 0 }, reverse_proxy: { port: 0, target } },
})

describe.each(['thread', 'process', 'shared'] as const)('stop (%s)', (isolation) => {
  test('lets the running exchange finish and ends its connection', async () => {
    const gate = Promise.withResolvers<void>()
    await using origin = await startOrigin(async (_req, res) => {
      await gate.promise
      res.end('late')
    })
    await using running = await startTestDaemon(workers(`http://${origin.authority}`), { isolation })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    const answer = client.get('/')
    await until('the origin has the request', () => origin.seen.length === 1)
    running.daemon.stop()
    await until('the worker drains', () => running.stateOf('reverse_proxy#1/reverse') === 'draining')
    gate.resolve()
    expect((await answer).text).toBe('late')
    expect((await answer).get('connection')).toBe('close')
    await client.ended()
    await running.daemon.stopped
  })

  test('closes idle connections at once', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(workers(`http://${origin.authority}`), { isolation })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    await client.get('/')
    running.daemon.stop()
    await running.daemon.stopped
    await client.ended()
  })

  test('accepts nothing new while it drains', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(workers(`http://${origin.authority}`), { isolation })
    const port = running.port('forward_proxy')
    using tunnel = await RawClient.connect(port)
    tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    await tunnel.responseHead()
    running.daemon.stop()
    await until('the worker drains', () => running.stateOf('forward_proxy#1/forward') === 'draining')
    // A socket copy on its way to the main process, as its spare, is closed a moment later.
    await until('nobody listens', () =>
      RawClient.connect(port).then(
        (client) => {
          client.destroy()
          return false
        },
        (error: Error) => error.message.includes('ECONNREFUSED'),
      ),
    )
    tunnel.destroy()
    await running.daemon.stopped
  })

  test('ends tunnels at the drain deadline', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      {
        ...workers(`http://${origin.authority}`),
        drain_timeout_secs: 0.3,
      },
      { isolation },
    )
    using tunnel = await RawClient.connect(running.port('forward_proxy'))
    tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    await tunnel.responseHead()
    running.daemon.stop()
    expect((await tunnel.get('/')).text).toBe('hello')
    await running.daemon.stopped
    await tunnel.ended()
  })

  test('ignores an immediate repetition of the signal, and ends at once on a later one', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      {
        ...workers(`http://${origin.authority}`),
        drain_timeout_secs: 60,
      },
      { isolation },
    )
    using tunnel = await RawClient.connect(running.port('forward_proxy'))
    tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    await tunnel.responseHead()
    running.daemon.stop()
    running.daemon.stop()
    await until('a further signal counts', () => running.stateOf('daemon') === 'draining.armed')
    expect(tunnel.isEnded).toBe(false)
    running.daemon.stop()
    await running.daemon.stopped
    await tunnel.ended()
  })

  test('ends a daemon that is still starting', async () => {
    const text = JSON.stringify({ ...workers('http://127.0.0.1:9'), admin: { enabled: false } })
    const { settings } = parseConfig(text, { file: 'test.json', baseDir: '/' })
    const daemon = await startDaemon(settings, { log: () => {} })
    daemon.stop()
    await daemon.stopped
    await expect(daemon.running).rejects.toThrow('stopped before it ran')
  })
})
