import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HandleTransport } from '../../../src/http/transport/handle-transport.ts'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { closeAccepted } from '../../../src/http/transport/transport-of.ts'
import { WorkerListeners } from '../../../src/instance/listeners.ts'
import type { FromInstance, InstanceBoot, InstancePort } from '../../../src/supervise/channel/channel.ts'
import { until } from '../../kit/waiting/until.ts'

const key = 'web/0/0'

async function start(settings: object = {}) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const posted: FromInstance[] = []
  const accepted: (Transport | Socket)[] = []
  const port = { post: (message: FromInstance) => posted.push(message) } as unknown as InstancePort
  const listen = [settings] as unknown as InstanceBoot['worker']['listen']
  const listeners = new WorkerListeners(listen, port, (one) => accepted.push(one))
  onTestFinished(() => {
    for (const one of accepted) closeAccepted(one)
    server.close()
  })
  const dial = () => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void client.destroy())
  }
  return { server, listeners, posted, accepted, dial }
}

describe('WorkerListeners', () => {
  test('accepts plain connections without Node sockets', async () => {
    const { server, listeners, accepted, dial } = await start()
    listeners.take(key, server, [])
    dial()
    await until('it is accepted', () => accepted.length === 1)
    expect(accepted[0]).toBeInstanceOf(HandleTransport)
  })

  test.each([{ tls: {} }, { proxyProtocol: {} }])('accepts Node sockets with %j', async (settings) => {
    const { server, listeners, accepted, dial } = await start(settings)
    listeners.take(key, server, [])
    dial()
    await until('it is accepted', () => accepted.length === 1)
    expect(accepted[0]).toBeInstanceOf(Socket)
  })

  test('accepts the sockets that main has held', async () => {
    const { server, listeners, accepted } = await start()
    const held = new Socket()
    listeners.take(key, server, [held])
    expect(accepted).toEqual([held])
  })

  test('serves what connects before a returned server has left', async () => {
    const { server, listeners, posted, accepted, dial } = await start()
    listeners.take(key, server, [])
    listeners.giveBack(key)
    expect(posted).toEqual([{ type: 'listener.returned', key, server }])
    dial()
    await until('it is accepted', () => accepted.length === 1)
    expect(accepted[0]).toBeInstanceOf(Socket)
  })

  test('reports a failed accept', async () => {
    const { server, listeners, posted } = await start()
    listeners.take(key, server, [])
    server.emit('error', new Error('accept EMFILE'))
    expect(posted).toMatchObject([
      { type: 'log', message: 'accept failed', fields: { error: 'accept EMFILE' } },
    ])
  })
})
