import { expect, test } from 'vitest'
import { readCounters } from '../../../src/telemetry/metrics/counters.ts'
import { ask, createSite, serve, staticSettings, writtenAt } from './site.ts'

test('a file is sent with its type, length, validators and nosniff', async () => {
  await using site = createSite({ 'hello.txt': 'hello' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, '/hello.txt')
  expect(answer).toMatchObject({ status: 200, body: 'hello' })
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '5',
    'last-modified': writtenAt.toUTCString(),
    etag: expect.stringMatching(/^"[0-9a-z-]+"$/),
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  })
})

test('HEAD has the headers of GET and no body', async () => {
  await using site = createSite({ 'hello.txt': 'hello' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const get = await ask(served, '/hello.txt')
  const head = await ask(served, '/hello.txt', { method: 'HEAD' })
  expect(head.body).toBe('')
  expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is answered 405 with Allow', async (method) => {
  await using site = createSite({ 'hello.txt': 'hello' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, '/hello.txt', { method })
  expect(answer.status).toBe(405)
  expect(answer.headers['allow']).toBe('GET, HEAD')
})

test.each([
  ['/with%20space.txt', 'with space.txt'],
  ['/caf%C3%A9.txt', 'café.txt'],
  ['/%E6%97%A5%E6%9C%AC.txt', '日本.txt'],
  ['/%F0%9F%8C%88.txt', '🌈.txt'],
  ['/100%25.txt', '100%.txt'],
  ['/a+b&c;d.txt', 'a+b&c;d.txt'],
  ['/%68ello.txt', 'hello.txt'],
])('%s maps to the file %s', async (target, name) => {
  await using site = createSite({ [name]: 'found' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect(await ask(served, target)).toMatchObject({ status: 200, body: 'found' })
})

test('a query does not change the file that is sent', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect(await ask(served, '/a.txt?v=%zz/../b')).toMatchObject({ status: 200, body: 'a' })
})

test.each([
  ['a.js', 'text/javascript; charset=utf-8'],
  ['a.mjs', 'text/javascript; charset=utf-8'],
  ['a.css', 'text/css; charset=utf-8'],
  ['a.HTML', 'text/html; charset=utf-8'],
  ['a.json', 'application/json; charset=utf-8'],
  ['a.svg', 'image/svg+xml; charset=utf-8'],
  ['a.wasm', 'application/wasm'],
  ['a.avif', 'image/avif'],
  ['a.woff2', 'font/woff2'],
  ['a.unheard', 'application/octet-stream'],
  ['html', 'application/octet-stream'],
])('%s is sent as %s', async (name, type) => {
  await using site = createSite({ [name]: 'x' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, `/${name}`)).headers['content-type']).toBe(type)
})

test('an empty file is sent', async () => {
  await using site = createSite({ 'empty.txt': '' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, '/empty.txt')
  expect(answer).toMatchObject({ status: 200, body: '' })
  expect(answer.headers['content-length']).toBe('0')
})

test('a mount below a prefix serves from its own root', async () => {
  await using docs = createSite({ 'a.txt': 'docs' })
  await using rest = createSite({ 'a.txt': 'rest' })
  const settings = staticSettings({ path: '/my/docs', rootDir: docs.root }, { rootDir: rest.root })
  await using served = await serve(settings)
  expect((await ask(served, '/my/docs/a.txt')).body).toBe('docs')
  expect((await ask(served, '/a.txt')).body).toBe('rest')
})

test('a missing file is 404 with a short text that names no directory', async () => {
  await using site = createSite()
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, '/missing.txt')
  expect(answer).toMatchObject({ status: 404, body: 'NOT_FOUND: Not found.\n' })
  expect(answer.raw).not.toContain(site.outside)
})

test('sent files count as served, memory and 304 as cache hits, and disk time is measured', async () => {
  await using site = createSite({ 'a.txt': 'abc' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const { headers } = await ask(served, '/a.txt')
  await ask(served, '/a.txt', { headers: { Range: 'bytes=1-' } })
  await ask(served, '/a.txt', { method: 'HEAD' })
  await ask(served, '/missing')
  await ask(served, '/a.txt', { headers: { 'If-None-Match': headers['etag'] ?? '' } })
  const values = readCounters(served.counters)
  expect(values).toMatchObject({ filesServed: 2, cacheHits: 2, requestsTotal: 0, bytesSent: 0 })
  expect(values.diskIoMs).toBeGreaterThan(0)
})

test.each(['missing', 'file.txt'])(
  'a root that is %s stops the start with mount and directory',
  async (name) => {
    await using site = createSite({ 'file.txt': '' })
    const settings = staticSettings({ path: '/docs', rootDir: `${site.root}/${name}` })
    await expect(serve(settings)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringMatching(new RegExp(`/docs .*${site.root}/${name}`)),
    })
  },
)
