import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { MountSettings } from '../../../../src/config/settings/settings.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { type Origin, startOrigin } from '../../../kit/origins/origin.ts'

function siteAt(path: string): MountSettings {
  const rootDir = tempDir()
  onTestFinished(() => rmSync(rootDir, { recursive: true }))
  writeFileSync(join(rootDir, 'file.txt'), 'from disk')
  return { path, rootDir, spaMode: false, spaFallbackFile: 'index.html', indexFiles: ['index.html'] }
}

const all = (origin: Origin) => [
  forwardTo(),
  reverseTo(`http://${origin.authority}`),
  filesIn([siteAt('/blog')]),
]

test('each request of a connection goes to its own service and is counted there', async () => {
  await using origin = await startOrigin((req, res) => res.end(`origin ${req.url}`))
  await using proxy = await startEdge(all(origin))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get(`http://${origin.authority}/f`)).text).toBe('origin /f')
  expect((await client.get('/r')).text).toBe('origin /r')
  expect((await client.get('/blog/file.txt')).text).toBe('from disk')
  expect((await client.get('/blog-api')).text).toBe('origin /blog-api')
  expect(proxy.counters('forward').requestsTotal).toBe(1)
  expect(proxy.counters('reverse').requestsTotal).toBe(2)
  expect(proxy.counters('static').requestsTotal).toBe(1)
  expect(proxy.counters('combined').requestsTotal).toBe(0)
})

test('the services count every byte of the connection once', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(all(origin))
  using client = await RawClient.connect(proxy.port)
  await client.get(`http://${origin.authority}/f`)
  await client.get('/r')
  await client.get('/blog/file.txt')
  await client.get('#')
  const blocks = (['forward', 'reverse', 'static', 'combined'] as const).map((type) => proxy.counters(type))
  const sum = (name: 'bytesReceived' | 'bytesSent') => blocks.reduce((total, block) => total + block[name], 0)
  expect(sum('bytesReceived')).toBe(client.socket.bytesWritten)
  expect(sum('bytesSent')).toBe(client.socket.bytesRead)
})

test('an upload to the path of a mount goes to the reverse service', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(all(origin))
  using client = await RawClient.connect(proxy.port)
  client.head('POST /blog/file.txt HTTP/1.1', 'Host: a', 'Content-Length: 0')
  expect((await client.response()).text).toBe('hello')
})

test('a connection belongs to the service of its latest request', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(all(origin))
  using client = await RawClient.connect(proxy.port)
  await client.get('/r')
  expect(proxy.services.reverse.active).toBe(1)
  await client.get('/blog/file.txt')
  expect(proxy.services.reverse.active).toBe(0)
  expect(proxy.services.static.active).toBe(1)
  client.end()
  await client.ended()
  await expect.poll(() => proxy.services.static.active).toBe(0)
  expect(proxy.admission.active).toBe(0)
})

test('a service without room refuses while the others serve', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(all(origin))
  proxy.services.reverse.limit = 0
  using refused = await RawClient.connect(proxy.port)
  const response = await refused.get('/r')
  expect(response.status).toBe(503)
  expect(response.get('retry-after')).toBe('1')
  expect(response.get('connection')).toBe('close')
  await refused.ended()
  using served = await RawClient.connect(proxy.port)
  expect((await served.get('/blog/file.txt')).text).toBe('from disk')
})

test('a tunnel of a service without room is refused', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(all(origin))
  proxy.services.forward.limit = 0
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a')
  const response = await client.response()
  expect(response.status).toBe(503)
  expect(response.get('retry-after')).toBe('1')
})

test('a static worker serves files, refuses other methods and lists the allowed ones', async () => {
  await using proxy = await startEdge(filesIn([siteAt('/')]))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/file.txt')).text).toBe('from disk')
  client.head('DELETE /file.txt HTTP/1.1', 'Host: a')
  const response = await client.response()
  expect(response.status).toBe(405)
  expect(response.get('allow')).toBe('GET, HEAD')
})
