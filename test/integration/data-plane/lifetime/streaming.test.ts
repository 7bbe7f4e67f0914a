import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { type Origin, startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const total = 64 * 1024 * 1024
const piece = Buffer.alloc(64 * 1024, 'x')
/** Maximum bytes of a stalled transfer in kernel buffers and in the streams of proxy, origin and client. */
const mayBeHeld = 24 * 1024 * 1024

/** Writes `total` bytes as fast as they are accepted; `written` is the progress. */
function pump(to: NodeJS.WritableStream): { readonly written: number } {
  const state = { written: 0 }
  const more = (): void => {
    while (state.written < total) {
      state.written += piece.length
      if (!to.write(piece)) {
        to.once('drain', more)
        return
      }
    }
    to.end()
  }
  more()
  return state
}

/** Counts bytes without buffering them. */
function drainInto(client: RawClient): { received: number } {
  const state = { received: 0 }
  client.socket.removeAllListeners('data')
  client.socket.on('data', (chunk) => {
    state.received += chunk.length
  })
  return state
}

test('a download of 64 MiB waits for a slow reader and then arrives whole', async () => {
  let source: { readonly written: number } = { written: 0 }
  await using origin = await startOrigin((_req, res) => {
    res.writeHead(200, { 'Content-Length': String(total) })
    source = pump(res)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.responseHead()
  const already = client.pending.length
  client.socket.pause()
  const sink = drainInto(client)
  client.socket.pause()
  await stalled(() => source.written)
  expect(source.written).toBeLessThan(mayBeHeld)
  client.socket.resume()
  await until('all has arrived', () => already + sink.received >= total, 20_000)
  expect(already + sink.received).toBe(total)
})

test('an upload of 64 MiB waits for a slow upstream and then arrives whole', async () => {
  let received = 0
  await using origin = await startOrigin(
    (req, res) => {
      req.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      req.on('end', () => res.end('thanks'))
      req.pause()
    },
    { gather: false },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${total}`)
  const source = pump(keepOpen(client))
  await until('the origin sees it', () => origin.seen.length === 1)
  await stalled(() => source.written)
  expect(source.written).toBeLessThan(mayBeHeld)
  origin.last.req.resume()
  expect((await client.response()).text).toBe('thanks')
  expect(received).toBe(total)
})

test('a tunnel waits for a slow reader in both directions', async () => {
  let source: { readonly written: number } = { written: 0 }
  let received = 0
  await using origin: Origin = await startRawOrigin((socket) => {
    source = pump(socket)
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    socket.pause()
  })
  await using proxy = await startEdge(forwardTo({ timeouts: { idleMs: 20_000 } }))
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a')
  await client.responseHead()
  const already = client.pending.length
  const sink = drainInto(client)
  client.socket.pause()
  const upload = pump(client.socket)
  await stalled(() => source.written + upload.written)
  expect(source.written).toBeLessThan(mayBeHeld)
  expect(upload.written).toBeLessThan(mayBeHeld)
  for (const socket of origin.sockets) socket.resume()
  client.socket.resume()
  await until('all has arrived', () => received === total && already + sink.received === total, 20_000)
})

/** Resolves once a number has been constant for a while, because every buffer is full. */
async function stalled(read: () => number): Promise<void> {
  let last = -1
  let still = 0
  while (still < 10) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    still = read() === last ? still + 1 : 0
    last = read()
  }
}

/** The client's socket as a stream that does not pass on its end. */
function keepOpen(client: RawClient): NodeJS.WritableStream {
  return Object.create(client.socket, { end: { value: () => {} } }) as NodeJS.WritableStream
}
