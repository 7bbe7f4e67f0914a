import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HeldSockets } from '../../../../src/supervise/listeners/held.ts'
import { type RefusalCode, Refuser } from '../../../../src/supervise/listeners/refusal.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { until } from '../../../kit/waiting/until.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Options {
  readonly maxHeld?: number
  readonly maxHeldMs?: number
  readonly isSilent?: boolean
}

/** A server that holds its accepted connections unread, as main does. */
async function holding({ maxHeld = 10, maxHeldMs = 60_000, isSilent = false }: Options = {}) {
  const refused: RefusalCode[] = []
  const held = new HeldSockets({
    limits: { maxHeld, maxHeldMs },
    refuser: new Refuser(),
    isSilent,
    reason: () => 'WORKER_STARTING',
    onRefused: (code) => refused.push(code),
  })
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => held.hold(socket))
  servers.push(server.listen({ host: '127.0.0.1', port: 0 }))
  await once(server, 'listening')
  return { held, refused, port: (server.address() as AddressInfo).port }
}

test('a held socket is refused with the reason of its wait after the maximum time', async () => {
  const { held, refused, port } = await holding({ maxHeldMs: 100 })
  using client = await RawClient.connect(port)
  await until('it is held', () => held.size === 1)
  expect(refused).toEqual([])
  const { status, text, get } = await client.get('/')
  expect([status, text]).toEqual([
    503,
    'WORKER_STARTING: This service is still starting; please try again.\n',
  ])
  expect([get('retry-after'), get('cache-control'), get('connection')]).toEqual(['1', 'no-store', 'close'])
  expect(refused).toEqual(['WORKER_STARTING'])
})

test('a socket beyond the bound is refused at once and counted as overflow', async () => {
  const { held, refused, port } = await holding({ maxHeld: 1 })
  using first = await RawClient.connect(port)
  await until('it is held', () => held.size === 1)
  using second = await RawClient.connect(port)
  expect((await second.get('/')).text).toMatch(/^OVER_LIMIT: /)
  expect([held.size, refused, first.isEnded]).toEqual([1, ['OVER_LIMIT'], false])
})

test('a client that has sent a request gets a response instead of a reset', async () => {
  const { held, port } = await holding()
  using client = await RawClient.connect(port)
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(500_000)}`)
  await until('it is held', () => held.size === 1)
  held.refuseAll('WORKER_GAVE_UP')
  expect((await client.response()).text).toMatch(/^WORKER_GAVE_UP: /)
  expect(client.isReset).toBe(false)
})

test('a client that expects TLS is closed without a byte of plain text', async () => {
  const { held, refused, port } = await holding({ isSilent: true })
  using client = await RawClient.connect(port)
  await until('it is held', () => held.size === 1)
  held.refuseAll('WORKER_GAVE_UP')
  expect((await client.rest()).length).toBe(0)
  expect(refused).toEqual(['WORKER_GAVE_UP'])
})

test('a client that has left is neither held nor counted', async () => {
  const { held, refused, port } = await holding()
  const client = await RawClient.connect(port)
  await until('it is held', () => held.size === 1)
  const [socket] = held.take()
  expect([held.size, socket?.listenerCount('close')]).toEqual([0, 0])
  socket?.destroy()
  held.refuseAll('DRAINING')
  client.socket.destroy()
  expect(refused).toEqual([])
})
