import { fork } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { DemoMessage } from '../../src/demo/process.ts'
import { startDemoUpstream } from '../../src/demo/upstream.ts'
import { tied } from '../kit/processes/tied.ts'

const anywhere = { host: '127.0.0.1', port: 0 }

async function start() {
  const upstream = await startDemoUpstream(anywhere)
  return {
    ...upstream,
    url: (path: string) => `http://127.0.0.1:${upstream.port}${path}`,
    [Symbol.asyncDispose]: () => upstream.close(),
  }
}

test('/ names the routes', async () => {
  await using upstream = await start()
  const page = await (await fetch(upstream.url('/'))).text()
  for (const route of ['/hello', '/echo', '/upload', '/bytes/N', '/slow/N', '/ws'])
    expect(page).toContain(route)
})

test('/hello returns a greeting', async () => {
  await using upstream = await start()
  expect(await (await fetch(upstream.url('/hello?x'))).text()).toContain('Hello')
})

test('/echo returns method, URL and headers', async () => {
  await using upstream = await start()
  const response = await fetch(upstream.url('/echo?a=1'), { method: 'PUT', headers: { 'x-a': 'b' } })
  expect(await response.json()).toMatchObject({ method: 'PUT', url: '/echo?a=1', headers: { 'x-a': 'b' } })
})

test('/upload counts the bytes of the body', async () => {
  await using upstream = await start()
  const response = await fetch(upstream.url('/upload'), { method: 'POST', body: Buffer.alloc(3_000_000) })
  expect(await response.json()).toEqual({ bytes: 3_000_000 })
})

test.each([0, 1, 65_536, 1_000_001])('/bytes/%i sends that number of bytes', async (size) => {
  await using upstream = await start()
  const response = await fetch(upstream.url(`/bytes/${size}`))
  expect(response.headers.get('content-length')).toBe(`${size}`)
  expect((await response.arrayBuffer()).byteLength).toBe(size)
})

test('HEAD of /bytes/N has the length and no body', async () => {
  await using upstream = await start()
  const response = await fetch(upstream.url('/bytes/10737418240'), { method: 'HEAD' })
  expect(response.headers.get('content-length')).toBe('10737418240')
})

test('256 MiB go to a client at its own pace', async () => {
  await using upstream = await start()
  await (await fetch(upstream.url('/hello'))).text()
  const before = process.memoryUsage.rss()
  const res = await new Promise<AsyncIterable<Buffer>>((resolve) => {
    request(upstream.url(`/bytes/${2 ** 28}`), { agent: false }, resolve).end()
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
  let received = 0
  for await (const chunk of res) received += chunk.length
  expect(received).toBe(2 ** 28)
})

test('/slow/N answers after N ms', async () => {
  await using upstream = await start()
  const begin = performance.now()
  expect((await fetch(upstream.url('/slow/150'))).status).toBe(200)
  expect(performance.now() - begin).toBeGreaterThanOrEqual(149)
})

test.each([
  ['GET', '/nothing', 404],
  ['GET', '/bytes/10737418241', 400],
  ['GET', '/bytes/-1', 400],
  ['GET', '/bytes', 400],
  ['GET', '/slow/60001', 400],
  ['GET', '/upload', 405],
  ['POST', '/hello', 405],
])('%s %s is %i', async (method, path, status) => {
  await using upstream = await start()
  expect((await fetch(upstream.url(path), { method })).status).toBe(status)
})

test('/ws sends back text as text and bytes as bytes', async () => {
  await using upstream = await start()
  const socket = new WebSocket(`ws://127.0.0.1:${upstream.port}/ws`)
  await new Promise((resolve) => socket.once('open', resolve))
  const answers: unknown[] = []
  socket.on('message', (data, isBinary) => answers.push(isBinary ? data : data.toString()))
  socket.send('text')
  socket.send(Buffer.from([1, 2]))
  await vi.waitFor(() => expect(answers).toEqual(['text', Buffer.from([1, 2])]))
  socket.terminate()
})

test('a WebSocket on another path is refused', async () => {
  await using upstream = await start()
  const socket = new WebSocket(`ws://127.0.0.1:${upstream.port}/other`)
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
  expect(error.message).toContain('400')
})

test.each(['GET // HTTP/1.1', 'GET //[ HTTP/1.1', 'GET http://[::1/ HTTP/1.1', 'GET * HTTP/1.1'])(
  'the odd target in "%s" does not stop the server',
  async (line) => {
    await using upstream = await start()
    const socket = connect(upstream.port, '127.0.0.1')
    socket.write(`${line}\r\nHost: a\r\n\r\n`)
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    socket.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1.1 [24]00|404/)
    expect((await fetch(upstream.url('/hello'))).status).toBe(200)
  },
)

test('clients that disconnect in the middle do not stop the server', async () => {
  await using upstream = await start()
  for (const head of ['GET /bytes/10737418240', 'POST /upload', 'GET /slow/60000']) {
    const socket = connect(upstream.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`${head} HTTP/1.1\r\nHost: a\r\nContent-Length: ${head.startsWith('POST') ? 99 : 0}\r\n\r\n`)
    await new Promise((resolve) => setTimeout(resolve, 30))
    socket.resetAndDestroy()
  }
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect((await fetch(upstream.url('/hello'))).status).toBe(200)
})

test('close ends slow answers, downloads and WebSockets at once', async () => {
  const upstream = await start()
  const socket = new WebSocket(`ws://127.0.0.1:${upstream.port}/ws`)
  await new Promise((resolve) => socket.once('open', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const slow = fetch(upstream.url('/slow/60000')).catch(() => 'ended')
  const download = await fetch(upstream.url('/bytes/10737418240'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await upstream.close()
  await closed
  expect(await slow).toBe('ended')
  await expect(download.arrayBuffer()).rejects.toThrow()
  await expect(fetch(upstream.url('/hello'))).rejects.toThrow()
})

test('an address in use is reported as LISTEN_FAILED', async () => {
  await using upstream = await start()
  const again = startDemoUpstream({ host: '127.0.0.1', port: upstream.port })
  await expect(again).rejects.toMatchObject({ code: 'LISTEN_FAILED', cause: { code: 'EADDRINUSE' } })
})

async function inProcess(listen: { host: string; port: number }) {
  const child = tied(
    fork(new URL('../../src/demo/process.ts', import.meta.url), [listen.host, String(listen.port)]),
  )
  const [message] = (await once(child, 'message')) as [DemoMessage]
  const ended = once(child, 'exit')
  return {
    child,
    message,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

test('the process reports its port and serves', async () => {
  await using demo = await inProcess(anywhere)
  if (demo.message.type !== 'demo.ready') throw new Error(demo.message.message)
  expect((await fetch(`http://127.0.0.1:${demo.message.port}/hello`)).status).toBe(200)
})

test('the process reports why it cannot listen', async () => {
  await using upstream = await start()
  await using demo = await inProcess({ host: '127.0.0.1', port: upstream.port })
  expect(demo.message).toEqual({
    type: 'demo.failed',
    code: 'EADDRINUSE',
    message: `listen EADDRINUSE: address already in use 127.0.0.1:${upstream.port}`,
  })
})

test('the process leaves signals to its parent, and ends with it', async () => {
  await using demo = await inProcess(anywhere)
  if (demo.message.type !== 'demo.ready') throw new Error(demo.message.message)
  demo.child.kill('SIGINT')
  expect((await fetch(`http://127.0.0.1:${demo.message.port}/hello`)).status).toBe(200)
  demo.child.disconnect()
  expect(await demo.ended).toEqual([0, null])
})
