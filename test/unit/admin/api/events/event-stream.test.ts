import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EventStream, frame } from '../../../../../src/admin/api/events/event-stream.ts'

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

async function viewer(): Promise<{ readonly res: ServerResponse; readonly socket: Socket }> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  const server = createServer((_, res) => resolve(res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  cleanUps.push(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return { res: await promise, socket }
}

describe('a viewer that does not read', () => {
  test('has a bounded buffer, loses the frames beyond it, and can receive again once it reads', async () => {
    const { res, socket } = await viewer()
    socket.pause()
    const onRoom = vi.fn()
    const stream = new EventStream(res, { onRoom, onClose: () => {}, maxBufferedBytes: 64 * 1024 })
    const text = frame('move', { text: 'x'.repeat(1_000) })
    let most = 0
    // Far more than the kernel buffers hold.
    for (let n = 0; n < 20_000; n++) {
      stream.write(text)
      most = Math.max(most, res.writableLength)
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(most).toBeGreaterThan(32 * 1024)
    expect(most).toBeLessThan(66 * 1024)
    // `onRoom` also ran now and then while the kernel still accepted data.
    const before = onRoom.mock.calls.length
    expect(before).toBeLessThan(200)
    socket.resume()
    await vi.waitFor(() => expect(onRoom.mock.calls.length).toBe(before + 1))
    const taken = new Promise((resolve) => {
      socket.on('data', (piece) => {
        if (piece.toString().includes('after all')) resolve(undefined)
      })
    })
    stream.write(frame('reset', 'after all'))
    await taken
  })

  test('is disconnected after 60 s', async () => {
    const { res, socket } = await viewer()
    socket.pause()
    let now = 0
    const onClose = vi.fn()
    const stream = new EventStream(res, {
      onRoom: () => {},
      onClose,
      maxBufferedBytes: 1_024,
      now: () => now,
      patienceMs: 60_000,
    })
    const lots = 'x'.repeat(16 * 1024 * 1024)
    stream.write(lots)
    stream.write('lost')
    now = 60_000
    stream.beat()
    expect(res.destroyed).toBe(false)
    now = 60_001
    stream.beat()
    expect(res.destroyed).toBe(true)
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce())
  })
})

test('a quiet stream sends a heartbeat, and a frame has one line of data', async () => {
  const { res, socket } = await viewer()
  let seen = ''
  socket.on('data', (piece) => {
    seen += piece.toString()
  })
  const stream = new EventStream(res, { onRoom: () => {}, onClose: () => {} })
  stream.beat()
  stream.write(frame('move', { path: '</script>\n\nevent: forged\r\r' }, 'a.1'))
  await vi.waitFor(() => expect(seen).toContain('forged'))
  expect(seen).toContain('Content-Type: text/event-stream')
  expect(seen).toContain(': \n\n')
  expect(seen).toContain('id: a.1\nevent: move\ndata: {"path":"</script>\\n\\nevent: forged\\r\\r"}\n\n')
})
