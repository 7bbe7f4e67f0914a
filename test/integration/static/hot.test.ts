import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { MountSettings } from '../../../src/config/settings/settings.ts'
import { readCounters } from '../../../src/telemetry/metrics/counters.ts'
import { until } from '../../kit/waiting/until.ts'
import { ask, createSite, exchange, type Site, serve, staticSettings, writtenAt } from './site.ts'

/** A server whose clock advances only when a test calls `pass`. */
async function serveByClock(site: Site, mount: Partial<MountSettings> = {}, maxMemoryMb = 256) {
  let timeMs = 5000
  const settings = { ...staticSettings({ rootDir: site.root, ...mount }), maxMemoryMb }
  /** Whether each response was complete when `handle` returned. */
  const complete: boolean[] = []
  const served = await serve(settings, { now: () => timeMs }, (_, res, handle) => {
    handle()
    complete.push(res.isComplete)
  })
  return {
    ...served,
    complete,
    get: async (target: string) => (await ask(served, target)).body,
    counted: () => readCounters(served.counters),
    pass(ms: number) {
      timeMs += ms
    },
    [Symbol.asyncDispose]: served[Symbol.asyncDispose],
  }
}

/** Resolves when this process has no file of the site open; its disk time has been counted by then. */
async function closed(site: Site): Promise<void> {
  const linked = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  }
  await until('its files are closed', () =>
    readdirSync('/proc/self/fd').every((fd) => !linked(fd).startsWith(site.root)),
  )
  await new Promise(setImmediate)
}

const gone = 'NOT_FOUND: Not found.\n'

test('a file in memory is served without disk access for one second', async () => {
  await using site = createSite()
  await using served = await serveByClock(site)
  const file = site.write('a.txt', 'a')
  expect(await served.get('/a.txt')).toBe('a')
  await closed(site)
  const { diskIoMs } = served.counted()
  unlinkSync(file)
  served.pass(999)
  expect(await served.get('/a.txt')).toBe('a')
  expect(served.counted()).toMatchObject({ diskIoMs, filesServed: 2, cacheHits: 1 })
  served.pass(1)
  expect(await served.get('/a.txt')).toBe(gone)
})

test('a hit is answered before handle returns', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  await using served = await serveByClock(site)
  await served.get('/a.txt')
  await served.get('/a.txt')
  expect(served.complete).toEqual([false, true])
})

test.each([0, 1000, 16_384, 16_385, 131_072])(
  '%i bytes are the same from memory as from disk',
  async (size) => {
    await using site = createSite()
    const content = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) % 256))
    site.write('a.bin', content)
    await using served = await serveByClock(site)
    const request = 'GET /a.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    for (const hits of [0, 1]) {
      const answer = await exchange(served.port, request)
      expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(content)).toBe(true)
      expect(served.counted().cacheHits).toBe(hits)
    }
  },
)

test('a larger file is not kept in memory', async () => {
  await using site = createSite()
  const file = site.write('a.bin', Buffer.alloc(131_073))
  await using served = await serveByClock(site)
  expect((await served.get('/a.bin')).length).toBe(131_073)
  unlinkSync(file)
  expect(await served.get('/a.bin')).toBe(gone)
})

test('memory and disk produce the same headers, for GET and HEAD', async () => {
  await using site = createSite({ 'a.html': 'hello' })
  await using served = await serveByClock(site)
  const ranged = await ask(served, '/a.html', { headers: { Range: 'bytes=0-1,3-4' } })
  await served.get('/a.html')
  const get = await ask(served, '/a.html')
  const head = await ask(served, '/a.html', { method: 'HEAD' })
  expect(served.counted()).toMatchObject({ cacheHits: 2, filesServed: 3 })
  expect(head.body).toBe('')
  expect({ ...get.headers, date: '' }).toEqual({ ...ranged.headers, date: '' })
  expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
})

test('304 is answered from memory; ranges and rarer conditions need the disk', async () => {
  await using site = createSite({ 'a.txt': '0123456789' })
  await using served = await serveByClock(site)
  const etag = (await ask(served, '/a.txt')).headers['etag'] ?? ''
  const since = writtenAt.toUTCString()
  await closed(site)
  const before = served.counted()
  const notModified = await ask(served, '/a.txt', { headers: { 'If-None-Match': etag } })
  expect([notModified.status, notModified.headers['etag'], notModified.body]).toEqual([304, etag, ''])
  expect((await ask(served, '/a.txt', { headers: { 'If-Modified-Since': since } })).status).toBe(304)
  expect((await ask(served, '/a.txt', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  expect(served.counted()).toMatchObject({ diskIoMs: before.diskIoMs, cacheHits: 3, filesServed: 2 })
  expect((await ask(served, '/a.txt', { headers: { Range: 'bytes=1-2' } })).body).toBe('12')
  expect((await ask(served, '/a.txt', { headers: { 'If-Match': '"other"' } })).status).toBe(412)
  expect(served.counted().diskIoMs).toBeGreaterThan(before.diskIoMs)
})

test('an unchanged file stays in memory after another check of the disk', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  // A file changed less than two seconds ago is read again.
  await new Promise((resolve) => setTimeout(resolve, 2100))
  await using served = await serveByClock(site)
  for (let left = 4; left > 0; left -= 1) {
    expect(await served.get('/a.txt')).toBe('a')
    served.pass(1000)
  }
  expect(served.counted().cacheHits).toBe(3)
})

test('a change with the same size and modification time shows after one second', async () => {
  await using site = createSite({ 'a.txt': 'one' })
  await using served = await serveByClock(site)
  expect(await served.get('/a.txt')).toBe('one')
  site.write('a.txt', 'two')
  expect(await served.get('/a.txt')).toBe('one')
  served.pass(1000)
  expect(await served.get('/a.txt')).toBe('two')
  writeFileSync(join(site.root, 'next'), 'six')
  utimesSync(join(site.root, 'next'), writtenAt, writtenAt)
  renameSync(join(site.root, 'next'), join(site.root, 'a.txt'))
  served.pass(1000)
  expect(await served.get('/a.txt')).toBe('six')
})

test('a link that now leads out of the root is noticed, even if it leads to the same file', async () => {
  await using site = createSite({ 'folder/secret.txt': 'public' })
  await using served = await serveByClock(site)
  site.link('a.txt', 'folder/secret.txt')
  expect(await served.get('/a.txt')).toBe('public')
  expect(await served.get('/folder/secret.txt')).toBe('public')
  linkSync(join(site.root, 'folder/secret.txt'), join(site.outside, 'same.txt'))
  unlinkSync(join(site.root, 'a.txt'))
  site.link('a.txt', '../same.txt')
  rmSync(join(site.root, 'folder'), { recursive: true })
  symlinkSync(site.outside, join(site.root, 'folder'))
  served.pass(1000)
  for (const target of ['/a.txt', '/folder/secret.txt']) {
    expect(await served.get(target)).toBe(gone)
    expect(await served.get(target)).toBe(gone)
  }
})

test('spellings and queries of a path share an entry; file, folder and mounts do not', async () => {
  await using site = createSite({ 'a.txt': 'a', 'docs/index.html': 'docs' })
  await using served = await serveByClock(site)
  for (const target of ['/a.txt', '/a.txt?x=1', '/%61.txt']) expect(await served.get(target)).toBe('a')
  expect(served.counted().cacheHits).toBe(2)
  expect(await served.get('/docs/')).toBe('docs')
  expect((await ask(served, '/docs')).status).toBe(301)
  expect((await ask(served, '/a.txt/')).status).toBe(404)
})

test('a new index file with precedence replaces the one in memory', async () => {
  await using site = createSite({ 'index.htm': 'second' })
  await using served = await serveByClock(site, { indexFiles: ['index.html', 'index.htm'] })
  expect(await served.get('/')).toBe('second')
  site.write('index.html', 'first')
  served.pass(1000)
  expect(await served.get('/')).toBe('first')
})

test('a new file replaces the SPA fallback page, even if it is a hard link to that page', async () => {
  await using site = createSite({ 'index.html': 'APP' })
  await using served = await serveByClock(site, { spaMode: true })
  expect((await ask(served, '/login')).headers['cache-control']).toBe('no-cache')
  linkSync(join(site.root, 'index.html'), join(site.root, 'login'))
  served.pass(1000)
  expect((await ask(served, '/login')).headers['content-type']).toBe('application/octet-stream')
  unlinkSync(join(site.root, 'login'))
  mkdirSync(join(site.root, 'login'))
  served.pass(1000)
  expect((await ask(served, '/login')).status).toBe(301)
})

test('concurrent requests share one check of the disk', async () => {
  await using site = createSite({ 'a.txt': 'old' })
  await using served = await serveByClock(site)
  await served.get('/a.txt')
  site.write('a.txt', 'new')
  served.pass(1000)
  const bodies = await Promise.all(Array.from({ length: 20 }, () => served.get('/a.txt')))
  expect(new Set(bodies)).toEqual(new Set(['new']))
  const read = 2
  expect(served.counted()).toMatchObject({ filesServed: 21, cacheHits: 21 - read })
  unlinkSync(join(site.root, 'a.txt'))
  served.pass(1000)
  const missing = await Promise.all(Array.from({ length: 20 }, () => served.get('/a.txt')))
  expect(new Set(missing)).toEqual(new Set([gone]))
})

test('dropCaches removes all entries at once', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  await using served = await serveByClock(site)
  await served.get('/a.txt')
  unlinkSync(join(site.root, 'a.txt'))
  served.handler.dropCaches()
  expect(await served.get('/a.txt')).toBe(gone)
})

test('the cache is limited to an eighth of the memory limit', async () => {
  await using site = createSite()
  await using served = await serveByClock(site, {}, 8)
  const names = Array.from({ length: 20 }, (_, at) => `${at}.bin`)
  for (const name of names) {
    const file = site.write(name, Buffer.alloc(100_000))
    await served.get(`/${name}`)
    unlinkSync(file)
  }
  let kept = 0
  for (const name of names) kept += (await ask(served, `/${name}`)).status === 200 ? 1 : 0
  expect(kept).toBe(Math.floor(1024 ** 2 / 101_100))
})

test('pipelined hits are answered in order, and a client may disconnect between them', async () => {
  await using site = createSite({ 'a.txt': 'first', 'c.txt': 'third' })
  await using served = await serveByClock(site)
  await served.get('/a.txt')
  const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
  const last = get('/a.txt', 'Connection: close\r\n')
  const answers = (await exchange(served.port, get('/a.txt') + get('/c.txt') + last)).toString()
  expect(answers).toMatch(/^HTTP\/1.1 200 [\s\S]*firstHTTP\/1.1 200 [\s\S]*thirdHTTP\/1.1 200 [\s\S]*first$/)
  const client = connect(served.port, '127.0.0.1', () =>
    client.end(get('/a.txt').repeat(50), () => client.destroy()),
  )
  client.on('error', () => undefined)
  await new Promise((resolve) => client.once('close', resolve))
  await vi.waitFor(() => expect(served.pending()).toBe(0))
  expect(served.thrown).toEqual([])
  expect(await served.get('/c.txt')).toBe(readFileSync(join(site.root, 'c.txt'), 'utf8'))
})
