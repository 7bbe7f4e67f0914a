import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin } from '../../kit/origins/origin.ts'

const root = join(import.meta.dirname, '../../..')
const baseDir = tempDir()
mkdirSync(join(baseDir, 'public'))
writeFileSync(join(baseDir, 'public', 'index.html'), 'single page')
afterAll(() => rmSync(baseDir, { recursive: true, force: true }))

/** A shape of the seed with the addresses of the test. */
function shape(name: string, target: string): object {
  const text = readFileSync(join(root, 'config', name), 'utf8')
    .replace('0.0.0.0:8080', '127.0.0.1:0')
    .replace('http://backend:3000', target)
    .replaceAll(/"port": \d+/g, '"port": 0')
  return JSON.parse(text)
}

describe('the first shape of the seed', () => {
  test('serves all three types on its one listener (D02)', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(shape('seed-shape-a.json', `http://${origin.authority}`), {
      baseDir,
    })
    const port = running.port('combined')
    using forward = await RawClient.connect(port)
    expect((await forward.get(`http://${origin.authority}/x`)).text).toBe('hello')
    using tunnel = await RawClient.connect(port)
    tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    expect((await tunnel.responseHead()).status).toBe(200)
    expect((await tunnel.get('/through')).text).toBe('hello')
    using files = await RawClient.connect(port)
    expect((await files.get('/deep/link')).text).toBe('single page')
    using reverse = await RawClient.connect(port)
    reverse.head('POST /form HTTP/1.1', 'Host: client.test', 'Content-Length: 0')
    expect((await reverse.response()).text).toBe('hello')
    expect(origin.last.url).toBe('/form')
  })

  test('counts each type separately', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(shape('seed-shape-a.json', `http://${origin.authority}`), {
      baseDir,
    })
    const { workers } = (await running.admin('/health')).json<{
      workers: Record<string, { proxy_type: string }>
    }>()
    expect(Object.entries(workers).map(([name, { proxy_type }]) => [name, proxy_type])).toEqual([
      ['forward_proxy', 'ForwardProxy'],
      ['reverse_proxy', 'ReverseProxy'],
      ['static_files', 'StaticFiles'],
    ])
  })
})

describe('the second shape of the seed', () => {
  test('serves forward and reverse on separate ports', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(shape('seed-shape-b.json', `http://${origin.authority}`), {
      baseDir,
    })
    using forward = await RawClient.connect(running.port('forward_proxy'))
    expect((await forward.get(`http://${origin.authority}/`)).text).toBe('hello')
    using reverse = await RawClient.connect(running.port('reverse_proxy'))
    expect((await reverse.get('/')).text).toBe('hello')
    expect((await forward.get('/')).status).toBe(400)
  })
})
