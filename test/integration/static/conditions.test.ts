import { utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ask, createSite, serve, staticSettings, writtenAt } from './site.ts'

const before = new Date(writtenAt.getTime() - 1000).toUTCString()
const same = writtenAt.toUTCString()
const after = new Date(writtenAt.getTime() + 1000).toUTCString()

/** Requests a file of ten bytes; `ETAG` in a header stands for its entity tag. */
async function request(headers: Readonly<Record<string, string>>, method = 'GET') {
  await using site = createSite({ 'a.txt': '0123456789' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const etag = (await ask(served, '/a.txt')).headers['etag'] ?? ''
  const filled = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('ETAG', etag)])
  return await ask(served, '/a.txt', { method, headers: Object.fromEntries(filled) })
}

test.each([
  [304, { 'If-None-Match': 'ETAG' }],
  [304, { 'If-None-Match': 'W/ETAG' }],
  [304, { 'If-None-Match': '"other", ETAG' }],
  [304, { 'If-None-Match': '"oth,er",W/"x" , ETAG' }],
  [304, { 'If-None-Match': '*' }],
  [200, { 'If-None-Match': '"other"' }],
  [200, { 'If-None-Match': 'garbage' }],
  [200, { 'If-None-Match': '"other"', 'If-Modified-Since': after }],
  [304, { 'If-Modified-Since': same }],
  [304, { 'If-Modified-Since': after }],
  [304, { 'If-Modified-Since': 'Saturday, 03-Feb-24 04:05:06 GMT' }],
  [304, { 'If-Modified-Since': 'Sat Feb  3 04:05:06 2024' }],
  [200, { 'If-Modified-Since': before }],
  [200, { 'If-Modified-Since': '2099' }],
  [200, { 'If-Match': 'ETAG' }],
  [200, { 'If-Match': '"other", ETAG' }],
  [200, { 'If-Match': '*' }],
  [412, { 'If-Match': '"other"' }],
  [412, { 'If-Match': 'W/ETAG' }],
  [200, { 'If-Match': 'ETAG', 'If-Unmodified-Since': before }],
  [412, { 'If-Match': '"other"', 'If-None-Match': 'ETAG' }],
  [200, { 'If-Unmodified-Since': same }],
  [412, { 'If-Unmodified-Since': before }],
  [200, { 'If-Unmodified-Since': 'garbage' }],
])('status %i for the headers %o', async (status, headers) => {
  expect((await request(headers)).status).toBe(status)
})

test('304 has the validators and no body', async () => {
  const answer = await request({ 'If-None-Match': 'ETAG' })
  expect(answer.body).toBe('')
  expect(answer.headers).toMatchObject({ etag: expect.any(String), 'cache-control': 'public, max-age=3600' })
  expect(answer.headers['content-type']).toBeUndefined()
})

test('HEAD is conditional too', async () => {
  expect((await request({ 'If-None-Match': 'ETAG' }, 'HEAD')).status).toBe(304)
})

test('different content of the same size has a different entity tag', async () => {
  await using site = createSite({ 'a.txt': 'one' })
  await using served = await serve(staticSettings({ rootDir: site.root }), { trustMs: 0 })
  const first = await ask(served, '/a.txt')
  const file = site.write('a.txt', 'two')
  utimesSync(file, writtenAt, new Date(writtenAt.getTime() + 1))
  expect((await ask(served, '/a.txt')).headers['etag']).not.toBe(first.headers['etag'])
})

test('a modification time in the future is not sent', async () => {
  await using site = createSite({ 'a.txt': 'one' })
  const file = site.write('a.txt', 'x')
  utimesSync(file, writtenAt, new Date('2999-01-01'))
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const { headers } = await ask(served, '/a.txt')
  expect(Date.parse(headers['last-modified'] ?? '')).toBeLessThanOrEqual(Date.parse(headers['date'] ?? ''))
})

test.each([
  ['bytes=0-3', '0123', 'bytes 0-3/10'],
  ['bytes=4-4', '4', 'bytes 4-4/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=7-99999999999999999999', '789', 'bytes 7-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-100', '0123456789', 'bytes 0-9/10'],
  ['bytes=0-9', '0123456789', 'bytes 0-9/10'],
  ['Bytes=0-0', '0', 'bytes 0-0/10'],
])('Range %s is answered 206', async (range, body, contentRange) => {
  const answer = await request({ Range: range })
  expect(answer).toMatchObject({ status: 206, body })
  expect(answer.headers).toMatchObject({
    'content-range': contentRange,
    'content-length': `${body.length}`,
    'content-type': 'text/plain; charset=utf-8',
    etag: expect.any(String),
  })
})

test.each(['bytes=10-', 'bytes=10-20', 'bytes=99999999999999999999-', 'bytes=-0'])(
  'Range %s is answered 416 with the size',
  async (range) => {
    const answer = await request({ Range: range })
    expect(answer.status).toBe(416)
    expect(answer.headers['content-range']).toBe('bytes */10')
  },
)

test.each(['bytes=5-2', 'bytes=-', 'bytes=a-b', 'bytes', 'lines=0-1', 'bytes=0-1,4-5', 'bytes=0x1-2'])(
  'Range %s is ignored',
  async (range) => {
    expect(await request({ Range: range })).toMatchObject({ status: 200, body: '0123456789' })
  },
)

test('Range on HEAD is ignored', async () => {
  const answer = await request({ Range: 'bytes=0-3' }, 'HEAD')
  expect([answer.status, answer.headers['content-length']]).toEqual([200, '10'])
})

test.each([
  [206, 'ETAG'],
  [206, same],
  [200, 'W/ETAG'],
  [200, '"other"'],
  [200, before],
  [200, after],
  [200, 'garbage'],
])('status %i for a range with If-Range %s', async (status, ifRange) => {
  const answer = await request({ Range: 'bytes=0-3', 'If-Range': ifRange })
  expect([answer.status, answer.body]).toEqual([status, status === 206 ? '0123' : '0123456789'])
})

test('If-None-Match takes precedence over Range', async () => {
  expect((await request({ Range: 'bytes=99-', 'If-None-Match': 'ETAG' })).status).toBe(304)
})

test('the end of an empty file is sent whole', async () => {
  await using site = createSite({ 'empty.txt': '' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/empty.txt', { headers: { Range: 'bytes=-5' } })).status).toBe(200)
  expect((await ask(served, '/empty.txt', { headers: { Range: 'bytes=0-' } })).status).toBe(416)
})
