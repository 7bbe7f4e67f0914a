import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { viewHistory } from '../../../src/admin/offline.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

const folder = tempDir()

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** The history of a real daemon, as the page exports it. */
async function exported(): Promise<string> {
  await using running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    workers: { reverse_proxy: { target: 'http://127.0.0.1:9' } },
  })
  const { actors } = (await running.admin('/api/actors')).json<{ actors: readonly object[] }>()
  const path = `/api/actors/${encodeURIComponent('supervisor:reverse_proxy')}/history`
  const { moves } = (await running.admin(path)).json<{ moves: readonly object[] }>()
  return JSON.stringify({ format: 'bifrost-history', version: 1, exported: 1, actors, moves })
}

describe('bifrost charts view', () => {
  test('serves the page with the file and its charts, without any action', async () => {
    const text = await exported()
    const shown = await viewHistory(write('good.json', text))
    if ('problem' in shown) throw new Error(shown.problem)
    try {
      const { origin, hash } = new URL(shown.url)
      expect(hash).toBe('#/history?file=%2Fhistory.json')
      const get = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init)
      expect(await (await get('/history.json')).text()).toBe(text)
      const page = await get('/')
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
      expect((await get('/api/charts/supervisor')).status).toBe(200)
      const events = await get('/api/events')
      const { value } = (await events.body?.getReader().read()) ?? {}
      expect(Buffer.from(value ?? []).toString()).toMatch(/^event: reset\ndata: \{"reason":"first"/)
      expect((await get('/api/workers/reverse_proxy/drain', { method: 'POST' })).status).toBe(403)
    } finally {
      shown.close()
    }
  })

  test.each([
    ['none.json', null, 'cannot be read (ENOENT)'],
    ['text.json', 'hello', 'is not valid JSON'],
    ['other.json', '{"format":"other"}', 'is not an exported history: format: '],
    ['list.json', '[]', 'is not an exported history: '],
  ])('reports the problem of %s', async (name, text, problem) => {
    const file = text === null ? join(folder, name) : write(name, text)
    expect(await viewHistory(file)).toEqual({ problem: expect.stringContaining(problem) })
  })

  test.each(['/dev/null', folder])('does not read %s, which may have no end', async (path) => {
    expect(await viewHistory(path)).toEqual({ problem: 'is not a regular file' })
  })
})

test('the daemon serves the page, its files and its charts', async () => {
  await using running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    workers: { reverse_proxy: { target: 'http://127.0.0.1:9' } },
  })
  const page = await running.admin('/')
  expect([page.status, page.type]).toEqual([200, 'text/html; charset=utf-8'])
  const script = /src="(\/page\/[^"]+\.js)"/.exec(page.text)?.[1] ?? ''
  expect([script, (await running.admin(script)).type]).toEqual([script, 'text/javascript; charset=utf-8'])
  for (const path of ['/page/../package.json', '/page/%2e%2e/server.ts', '/page/', '/page/nothing.js'])
    expect([path, (await running.admin(path)).status]).toEqual([path, 404])
  const { charts } = (await running.admin('/api/charts')).json<{ charts: readonly { name: string }[] }>()
  expect(charts.map(({ name }) => name)).toEqual(['daemon', 'instance', 'listener', 'supervisor', 'worker'])
  const asked = await running.admin('/api/charts/worker')
  expect(asked.json()).toMatchObject({ chart: { root: { id: 'worker' } }, layout: {} })
  expect((await running.admin('/api/openapi.json')).json()).toMatchObject({ openapi: '3.1.1' })
})
