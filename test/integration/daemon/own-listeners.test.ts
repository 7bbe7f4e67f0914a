import { expect, test } from 'vitest'
import type { Isolation } from '../../../src/config/settings/settings.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { freePorts } from '../../kit/processes/free-ports.ts'
import { until } from '../../kit/waiting/until.ts'

const wide = { allow: ['127.0.0.0/8', '[::1]', '0.0.0.0'], connect_ports: ['1-65535'] }

async function statusOf(running: TestDaemon, target: string): Promise<number> {
  using client = await RawClient.connect(running.port('forward_proxy'))
  return (await client.get(target)).status
}

async function connectStatus(running: TestDaemon, authority: string): Promise<number> {
  using client = await RawClient.connect(running.port('forward_proxy'))
  client.head(`CONNECT ${authority} HTTP/1.1`, 'Host: a')
  return (await client.responseHead()).status
}

test.each(['thread', 'process', 'shared'] satisfies Isolation[])(
  'a forward proxy (%s) refuses the listeners of its own daemon, also on ports chosen by the kernel',
  async (isolation) => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(
      {
        mode: 'Combined',
        listen_addr: '127.0.0.1:0',
        workers: {
          forward_proxy: { port: 0, destinations: wide },
          reverse_proxy: { port: 0, target: `http://${origin.authority}` },
        },
      },
      { isolation },
    )
    const names = ['forward_proxy', 'reverse_proxy', 'admin']
    for (const name of names) {
      for (const host of ['127.0.0.1', '127.0.0.9', 'localhost', '0.0.0.0', '[::ffff:7f00:1]']) {
        const authority = `${host}:${running.port(name)}`
        expect([name, host, await statusOf(running, `http://${authority}/health`)]).toEqual([name, host, 403])
        expect([name, host, await connectStatus(running, authority)]).toEqual([name, host, 403])
      }
    }
    // The configuration allows other listeners of this machine.
    expect(await statusOf(running, `http://${origin.authority}/`)).toBe(200)
    expect(origin.accepted).toBe(1)
  },
)

test('a replacement instance refuses these ports too', async () => {
  await using running = await startTestDaemon(
    {
      mode: 'Forward',
      listen_addr: '127.0.0.1:0',
      workers: { forward_proxy: { destinations: wide } },
    },
    { allowFaults: true },
  )
  const target = `http://127.0.0.1:${running.port('admin')}/health`
  expect(await statusOf(running, target)).toBe(403)
  running.daemon.inject('forward_proxy', 'throw')
  await until('there is another', () => running.stateOf('forward_proxy#2') === 'running.alive', 10_000)
  expect(await statusOf(running, target)).toBe(403)
})

test('an explicit entry with the port opens the admin interface', async () => {
  const [port = 0] = await freePorts(1)
  const allow = [`127.0.0.1:${port}`]
  await using running = await startTestDaemon({
    mode: 'Forward',
    listen_addr: '127.0.0.1:0',
    admin: { listen_addr: `127.0.0.1:${port}` },
    workers: { forward_proxy: { destinations: { allow, connect_ports: [port] } } },
  })
  expect(await statusOf(running, `http://127.0.0.1:${port}/health`)).toBe(200)
  expect(await connectStatus(running, `127.0.0.1:${port}`)).toBe(200)
  expect(await connectStatus(running, `127.0.0.2:${port}`)).toBe(403)
})
