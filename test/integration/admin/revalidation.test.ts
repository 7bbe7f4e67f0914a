import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminAnswer, startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'

let running: TestDaemon

beforeAll(async () => {
  running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    workers: { reverse_proxy: { target: 'http://127.0.0.1:9' } },
  })
})

afterAll(() => running[Symbol.asyncDispose]())

const ask = (path: string, tags?: string, method = 'GET'): Promise<AdminAnswer> =>
  running.admin(path, method, tags === undefined ? {} : { headers: { 'If-None-Match': tags } })

const tagOf = ({ headers }: AdminAnswer): string => String(headers['etag'])

describe.each([
  '/',
  '/page/main.js',
  '/page/style/base.css',
  '/page/charts/worker.json',
  '/api/charts/worker',
])('%s', (path) => {
  test('has a strong ETag of its content, and must be revalidated each time', async () => {
    const first = await ask(path)
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-cache'])
    expect(tagOf(first)).toMatch(/^"[\w-]{43}"$/)
    expect(tagOf(await ask(path))).toBe(tagOf(first))
  })

  test('is not sent again to a client that has it: one tag, one of a list, a weak one, any', async () => {
    const tag = tagOf(await ask(path))
    for (const tags of [tag, `"other", ${tag}`, `W/"x",${tag} , "y"`, `W/${tag}`, '*', ' * ']) {
      const again = await ask(path, tags)
      expect([tags, again.status, again.text, tagOf(again)]).toEqual([tags, 304, '', tag])
      expect(again.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-frame-options': 'DENY' })
      expect(again.headers).not.toHaveProperty('content-type')
    }
    expect((await ask(path, tag, 'HEAD')).status).toBe(304)
  })

  test('is sent to a client that has another tag', async () => {
    const { text } = await ask(path)
    for (const tags of ['"other"', 'W/"other", "*"', '', '**', tagOf(await ask(path)).replaceAll('"', '')]) {
      const again = await ask(path, tags)
      expect([tags, again.status, again.text === text]).toEqual([tags, 200, true])
    }
  })
})

test('files of different content have different tags, files of the same content the same tag', async () => {
  expect(tagOf(await ask('/'))).not.toBe(tagOf(await ask('/page/main.js')))
  expect(tagOf(await ask('/api/charts/worker'))).toBe(tagOf(await ask('/page/charts/worker.json')))
})

test('the current state has no ETag and is always sent', async () => {
  const answer = await ask('/api/overview', '*')
  expect([answer.status, answer.headers['etag']]).toEqual([200, undefined])
  expect((await ask('/api/charts/nobody', '*')).status).toBe(404)
})
