import { describe, expect, test } from 'vitest'
import { Listeners } from '../../../src/supervise/listeners/listeners.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { type Outcomes, reconnect, startLoose } from '../../kit/daemons/loose-instance.ts'
import { until } from '../../kit/waiting/until.ts'

const key = 'forward_proxy/0/0'
const specs = [{ key, group: 'forward_proxy/0', address: { host: '127.0.0.1', port: 0 }, isContained: true }]

async function bound(): Promise<{ readonly listeners: Listeners; readonly port: number } & Disposable> {
  const listeners = new Listeners(specs)
  await listeners.bind(key)
  return { listeners, port: listeners.addressOf(key).port, [Symbol.dispose]: () => listeners.close() }
}

describe.each(['thread', 'process', 'shared'] as const)('with isolation %s', (isolation) => {
  test('a listening server moves to an instance and back 20 times, and no connection is lost', async () => {
    using main = await bound()
    const { listeners, port } = main
    let returns = 0
    const onMessage: Parameters<typeof startLoose>[0]['onMessage'] = (message) => {
      if (message.type !== 'listener.returned') return
      listeners.adopt(key, message.server)
      returns += 1
    }
    await using one = await startLoose({ isolation, onMessage })
    await using two = await startLoose({ isolation, generation: 2, onMessage })
    let isOver = false
    const outcomes: Outcomes = { served: 0, lost: {} }
    const clients = reconnect(port, 20, () => isOver, outcomes)
    for (let move = 0; move < 20; move += 1) {
      const { channel } = move % 2 === 0 ? one : two
      const before = outcomes.served
      listeners.move(key, channel)
      await until('it serves', () => outcomes.served >= before + 3)
      channel.post({ type: 'listener.recall', key })
      await until('the server is back', () => returns === move + 1)
    }
    listeners.move(key, one.channel)
    isOver = true
    const { served, lost } = await clients
    expect(lost).toEqual({})
    expect(served).toBeGreaterThan(50)
  })

  test('sockets held by the main thread arrive with the data that clients sent', async () => {
    using main = await bound()
    const held = await Promise.all(Array.from({ length: 25 }, () => RawClient.connect(main.port)))
    for (const client of held) client.head('GET / HTTP/1.1', 'Host: a')
    using gone = await RawClient.connect(main.port)
    await until('main holds them', () => main.listeners.heldCount(key) === 26)
    gone.socket.destroy()
    await using instance = await startLoose({ isolation })
    main.listeners.move(key, instance.channel)
    const answers = await Promise.all(held.map((client) => client.response()))
    expect(answers.map(({ status }) => status)).toEqual(held.map(() => 400))
    for (const client of held) client.socket.destroy()
  })
})
