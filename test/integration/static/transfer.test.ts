import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readlinkSync, rmdirSync, truncateSync, unlinkSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { sendSpan } from '../../../src/proxy/static/body.ts'
import { startEngineServer } from '../../kit/daemons/engine-server.ts'
import { ask, createSite, exchange, type Served, type Site, serve, staticSettings } from './site.ts'

/** The number of descriptors of this process that are open within the site. */
function descriptors(site: Site): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(site.root)
    } catch {
      // The descriptor of the listing itself is already closed.
      return false
    }
  }).length
}

const big = 64 * 1024 * 1024

/** A client that reads the first bytes of a response and then stops. */
async function stalled(served: Served, requests: string): Promise<Socket> {
  const socket = connect(served.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(requests)
  await new Promise((resolve) => socket.once('readable', resolve))
  return socket
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`

test.each([1, 65_535, 65_536, 65_537, 1_000_003])('a file of %i bytes arrives unchanged', async (size) => {
  await using site = createSite()
  const content = randomBytes(size)
  site.write('a.bin', content)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await exchange(served.port, 'GET /a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
  expect(createHash('sha256').update(body).digest()).toEqual(createHash('sha256').update(content).digest())
})

test('a slow client gets every byte in order', async () => {
  await using site = createSite()
  const content = randomBytes(12_000_000)
  site.write('a.bin', content)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const client = await stalled(served, 'GET /a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const hash = createHash('sha256')
  let left = content.byteLength
  let isHead = true
  for await (const piece of client as AsyncIterable<Buffer>) {
    const body = isHead && piece.includes('\r\n\r\n') ? piece.subarray(piece.indexOf('\r\n\r\n') + 4) : piece
    isHead = false
    left -= body.byteLength
    hash.update(body)
    if (left % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(left).toBe(0)
  expect(hash.digest()).toEqual(createHash('sha256').update(content).digest())
})

test('a read that fails while the client is slow ends the connection', async () => {
  let reads = 0
  await using server = await startEngineServer((_, res) => {
    res.sendHead(200, undefined, ['Content-Length', String(big)])
    void sendSpan(res, { start: 0, length: big }, async (into) => {
      reads += 1
      if (reads > 100) throw new Error('EIO')
      return into.byteLength
    })
  })
  await expect(exchange(server.port, get('/'))).rejects.toThrow('ECONNRESET')
  expect(reads).toBe(101)
})

test('a range in the middle of a large file arrives unchanged', async () => {
  await using site = createSite()
  const content = randomBytes(500_000)
  site.write('a.bin', content)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await exchange(
    served.port,
    'GET /a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=100001-400000\r\n\r\n',
  )
  const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
  expect(body.equals(content.subarray(100_001, 400_001))).toBe(true)
})

test('pipelined requests are answered in order', async () => {
  await using site = createSite({ 'a.txt': 'first', 'c.txt': 'third' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const last = 'GET /c.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const answers = (await exchange(served.port, get('/a.txt') + get('/missing') + last)).toString()
  expect(answers).toMatch(/^HTTP\/1.1 200 [\s\S]*firstHTTP\/1.1 404 [\s\S]*HTTP\/1.1 200 [\s\S]*third$/)
})

test('a client that disconnects leaves no descriptor open and no response pending', async () => {
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), big)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const clients = await Promise.all(Array.from({ length: 10 }, () => stalled(served, get('/big.bin'))))
  expect(descriptors(site)).toBeGreaterThanOrEqual(10)
  for (const client of clients) client.destroy()
  await vi.waitFor(() => expect([served.pending(), descriptors(site)]).toEqual([0, 0]))
  expect(served.thrown).toEqual([])
})

test('pipelined responses that wait for their turn are abandoned with the connection', async () => {
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), big)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const client = await stalled(served, get('/big.bin').repeat(5))
  await vi.waitFor(() => expect(served.pending()).toBe(1))
  client.destroy()
  await vi.waitFor(() => expect([served.pending(), descriptors(site)]).toEqual([0, 0]))
})

test('a client that disconnects before the file is open leaks no descriptor and no response', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  for (let left = 50; left > 0; left -= 1) {
    const socket = connect(served.port, '127.0.0.1', () => socket.end(get('/a.txt'), () => socket.destroy()))
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('close', resolve))
  }
  await vi.waitFor(() => expect([served.pending(), descriptors(site)]).toEqual([0, 0]))
  expect(served.thrown).toEqual([])
})

test('a file that shrinks while it is sent ends the connection', async () => {
  await using site = createSite()
  const file = site.write('big.bin', '')
  truncateSync(file, big)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const client = await stalled(served, get('/big.bin'))
  truncateSync(file, 0)
  let received = 0
  client.on('data', (piece) => {
    received += piece.length
  })
  client.resume()
  await new Promise((resolve) => client.once('close', resolve))
  expect(received).toBeLessThan(big)
  await vi.waitFor(() => expect(served.pending()).toBe(0))
  expect(served.thrown).toEqual([])
  expect((await ask(served, '/big.bin')).status).toBe(200)
})

test('a file that is deleted while it is sent still arrives whole', async () => {
  await using site = createSite()
  const file = site.write('big.bin', '')
  truncateSync(file, big)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const client = await stalled(served, `GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  unlinkSync(file)
  let received = 0
  client.on('data', (piece) => {
    received += piece.length
  })
  client.resume()
  await new Promise((resolve) => client.once('close', resolve))
  expect(received).toBeGreaterThan(big - 65_536)
  expect((await ask(served, '/big.bin')).status).toBe(404)
})

test('1 GiB is sent without buffering it in memory', async () => {
  await using site = createSite()
  truncateSync(site.write('huge.bin', ''), 1024 ** 3)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  await ask(served, '/missing')
  const before = process.memoryUsage().rss
  let peak = before
  let received = 0
  await new Promise<void>((resolve, reject) => {
    request({ port: served.port, path: '/huge.bin', agent: false }, (res) => {
      res.on('data', (piece: Buffer) => {
        received += piece.length
        peak = Math.max(peak, process.memoryUsage.rss())
      })
      res.on('end', resolve)
      res.on('error', reject)
    }).end()
  })
  expect(received).toBe(1024 ** 3)
  expect(peak - before).toBeLessThan(64 * 1024 * 1024)
})

test('a client that does not read occupies memory for one chunk of the file only', async () => {
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), big)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  await stalled(served, get('/big.bin'))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(served.transports.length).toBe(1)
  for (const transport of served.transports) expect(transport.pendingBytes).toBeLessThan(70_000)
})

test.each(['GET', 'HEAD'])('%s of a FIFO does not hang', async (method) => {
  await using site = createSite({ 'a.txt': 'a' })
  site.pipe('pipe')
  await using served = await serve(staticSettings({ rootDir: site.root }))
  // More requests than the thread pool has threads.
  const statuses = await Promise.all(
    Array.from({ length: 8 }, () => ask(served, '/pipe', { method }).then(({ status }) => status)),
  )
  expect(new Set(statuses)).toEqual(new Set([403]))
  expect((await ask(served, '/a.txt')).status).toBe(200)
  await vi.waitFor(() => expect(descriptors(site)).toBe(0))
})

test('a socket file is refused', async () => {
  await using site = createSite()
  const listening = createServer().listen(join(site.root, 'daemon.sock'))
  try {
    await new Promise((resolve) => listening.once('listening', resolve))
    await using served = await serve(staticSettings({ rootDir: site.root }))
    expect((await ask(served, '/daemon.sock')).status).toBe(403)
  } finally {
    listening.close()
  }
})

test('a device is refused, even within the root', async () => {
  await using served = await serve(staticSettings({ rootDir: '/dev' }))
  expect((await ask(served, '/zero')).status).toBe(403)
  expect((await ask(served, '/null')).status).toBe(403)
})

test('a root that is removed later is answered 404', async () => {
  await using site = createSite()
  const rootDir = join(site.root, 'sub')
  mkdirSync(rootDir)
  await using served = await serve(staticSettings({ rootDir }))
  rmdirSync(rootDir)
  expect((await ask(served, '/')).status).toBe(404)
  expect((await ask(served, '/a.txt')).status).toBe(404)
})
