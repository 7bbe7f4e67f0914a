import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import { expect, test } from 'vitest'
import type { Channel, ToInstance } from '../../../../src/supervise/channel/channel.ts'
import { Listeners, type ListenersOptions } from '../../../../src/supervise/listeners/listeners.ts'
import { Mirror, type SocketHandle } from '../../../../src/supervise/listeners/mirror.ts'
import { Spares } from '../../../../src/supervise/listeners/spares.ts'
import { until } from '../../../kit/waiting/until.ts'

const key = 'w/0/0'

/** An address with a free port, whose server an instance has received. */
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

test('a server returned too late is closed and takes no connection from its successor', async () => {
  const { listeners, server } = await delegated()
  listeners.adopt(key, server)
  listeners.drop(key)
  const client = connect(listeners.addressOf(key))
  const [error] = await once(client, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  expect(listeners.heldCount(key)).toBe(0)
  listeners.close()
})

test('a failed accept for lack of descriptors ends no instance', async () => {
  const { listeners, server } = await delegated()
  server.removeAllListeners('error')
  listeners.adopt(key, server)
  expect(server.emit('error', new Error('accept EMFILE'))).toBe(true)
  listeners.close()
})

/** A channel to an instance that keeps the handles it receives. */
function keeper() {
  const servers: Server[] = []
  const channel: Channel = {
    id: 'w#1',
    post: (message: ToInstance) => message.type === 'listener.take' && servers.push(message.server),
    usage: () => ({ memoryBytes: 0, cpuMs: 0, loopUtilization: 0 }),
    kill: () => {},
  }
  return { channel, servers }
}

/** A mirror that returns null a given number of times. */
class LateMirror extends Mirror {
  misses: number

  constructor(misses: number) {
    super()
    this.misses = misses
  }

  override copy(server: Server): Promise<SocketHandle | null> {
    this.misses -= 1
    return this.misses >= 0 ? Promise.resolve(null) : super.copy(server)
  }
}

const contained = (options: ListenersOptions) =>
  new Listeners([{ key, group: 'w/0', address: { host: '127.0.0.1', port: 0 }, isContained: true }], options)

test('a failed spare is tried again, and then the accept queue outlives the instance', async () => {
  const spares = new Spares(new LateMirror(3), { patienceMs: 20_000, maxMs: 60_000, retryMs: 60_000 })
  const listeners = contained({ spares })
  await listeners.bind(key)
  expect(listeners.isSpared(key)).toBe(false)
  await listeners.sparing(key)
  expect(listeners.isSpared(key)).toBe(true)
  const { channel, servers } = keeper()
  listeners.move(key, channel)
  // The instance is killed: its descriptor is closed before main can notice.
  servers[0]?.close()
  const client = connect(listeners.addressOf(key))
  await once(client, 'connect')
  await listeners.bind(key)
  await until('main holds it', () => listeners.heldCount(key) === 1)
  client.destroy()
  listeners.close()
})

test('an instance that dies before it receives the server leaves it and its spare to main', async () => {
  const listeners = contained({})
  await listeners.bind(key)
  await listeners.sparing(key)
  const { port } = listeners.addressOf(key)
  await listeners.bind(key)
  expect([listeners.addressOf(key).port, listeners.isSpared(key)]).toEqual([port, true])
  listeners.close()
})

test('without a spare the server leaves after a timeout and is recalled later', async () => {
  const called: string[] = []
  const listeners = contained({
    spares: new Spares(new LateMirror(Number.POSITIVE_INFINITY), { patienceMs: 20, maxMs: 50, retryMs: 20 }),
    onUnspared: () => called.push('unspared'),
    onRespare: () => called.push('respare'),
  })
  await listeners.bind(key)
  await listeners.sparing(key)
  const { channel, servers } = keeper()
  listeners.move(key, channel)
  await until('it is called back', () => called.length === 2)
  expect(called).toEqual(['unspared', 'respare'])
  servers[0]?.close()
  listeners.close()
})

test('connections are refused with the reason: starting, restarting, given up', async () => {
  const refused: string[] = []
  const listeners = new Listeners(
    [{ key, group: 'w/0', address: { host: '127.0.0.1', port: 0 }, isContained: false }],
    { hold: { maxHeld: 10, maxHeldMs: 20 }, onRefused: (_key, code) => refused.push(code) },
  )
  /** Connects one client and waits until it is refused. */
  const knock = async () => {
    const client = connect(listeners.addressOf(key))
    client.resume()
    await once(client, 'close')
  }
  await listeners.bind(key)
  await knock()
  const { channel, servers } = keeper()
  listeners.move(key, channel)
  listeners.adopt(key, servers[0] as Server)
  await knock()
  listeners.refuseAll(key)
  await knock()
  listeners.hold(key)
  await knock()
  expect(refused).toEqual(['WORKER_STARTING', 'WORKER_RESTARTING', 'WORKER_GAVE_UP', 'WORKER_RESTARTING'])
  listeners.close()
})

test.each([
  ['suspend', 'OUT_OF_SERVICE'],
  ['release', 'DRAINING'],
] as const)('connections held at %s are refused with %s', async (end, code) => {
  const refused: string[] = []
  const listeners = new Listeners(
    [{ key, group: 'w/0', address: { host: '127.0.0.1', port: 0 }, isContained: false }],
    { onRefused: (_key, code) => refused.push(code) },
  )
  await listeners.bind(key)
  const client = connect(listeners.addressOf(key))
  client.resume()
  await until('it is held', () => listeners.heldCount(key) === 1)
  listeners[end](key)
  await once(client, 'close')
  expect(refused).toEqual([code])
  listeners.close()
})
