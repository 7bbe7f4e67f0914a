import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import { expect, it } from 'vitest'
import type { Channel, ToInstance } from '../../../src/supervise/channel.ts'
import { Listeners } from '../../../src/supervise/listeners.ts'

const key = 'w/0/0'

/** An address of the kernel's choice, whose server an instance has got. */
async function delegated() {
  const address = { host: '127.0.0.1', port: 0 }
  const listeners = new Listeners([{ key, group: 'w/0', address, isContained: false }])
  await listeners.bind(key)
  const servers: Server[] = []
  const channel: Channel = {
    id: 'w#1',
    post: (message: ToInstance) => message.type === 'listener.take' && servers.push(message.server),
    usage: () => ({ memoryBytes: 0, cpuMs: 0, loopUtilization: 0 }),
    kill: () => {},
  }
  listeners.move(key, channel)
  return { listeners, server: servers[0] as Server }
}

it('a server that comes back too late is closed, and takes no connection from its successor', async () => {
  const { listeners, server } = await delegated()
  listeners.adopt(key, server)
  listeners.drop(key)
  const client = connect(listeners.addressOf(key))
  const [error] = await once(client, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  expect(listeners.heldCount(key)).toBe(0)
  listeners.close()
})

it('an accept that fails for want of descriptors ends nothing', async () => {
  const { listeners, server } = await delegated()
  server.removeAllListeners('error')
  listeners.adopt(key, server)
  expect(server.emit('error', new Error('accept EMFILE'))).toBe(true)
  listeners.close()
})
