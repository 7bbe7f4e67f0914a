import { expect, onTestFinished, test } from 'vitest'
import { Access } from '../../../src/admin/gate/access.ts'
import { AdminServer } from '../../../src/admin/server.ts'
import { SharedTexts } from '../../../src/admin/shared-text.ts'
import type { ListenAddress } from '../../../src/config/settings/settings.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { until } from '../../kit/waiting/until.ts'

/** More than the buffers of two sockets can hold. */
const textBytes = 32 * 1024 * 1024

test('a client that does not read a long text is cut off when a newer one needs the room', async () => {
  const clock = { now: 0 }
  const texts = new SharedTexts({
    make: () => Buffer.alloc(textBytes, 'x'),
    now: () => clock.now,
    maxHeldBytes: 1.5 * textBytes,
  })
  const server = new AdminServer({
    settings: { listen: { host: '127.0.0.1', port: 0 }, hosts: [] },
    certificate: null,
    access: new Access({ token: { text: null, file: null, problem: 'none' }, isLocal: true }),
    page: async () => null,
    handlers: {},
    plain: {
      '/long': () => {
        const text = texts.of('long')
        return { status: 200, type: 'text/plain', body: text.bytes, onSend: (res) => text.readBy(res) }
      },
    },
  })
  onTestFinished(() => server.close())
  const { port } = (await server.listen()) as ListenAddress & { port: number }
  using slow = await RawClient.connect(port)
  slow.head('GET /long HTTP/1.1', 'Host: 127.0.0.1')
  await slow.responseHead()
  slow.socket.pause()
  clock.now += 2_000
  const read = await fetch(`http://127.0.0.1:${port}/long`)
  expect((await read.arrayBuffer()).byteLength).toBe(textBytes)
  slow.socket.resume()
  await until('the slow one is cut off', () => slow.isEnded || slow.isReset)
  expect(slow.pending.length).toBeLessThan(textBytes)
})
