/** Names that every plain object inherits, used wherever a client of admin chooses a name. */
import { expect, test } from 'vitest'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'

const token = 'the-token-of-this-test'
const headers = { Authorization: `Bearer ${token}` }
const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'then', 'valueOf'] as const

test('names such as `constructor` have no special meaning in paths, queries and keys of admin', async () => {
  await using running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    admin: { listen_addr: '127.0.0.1:0', token },
    workers: { reverse_proxy: { target: 'http://127.0.0.1:9' } },
  })
  for (const name of names) {
    for (const path of [
      `/${name}`,
      `/page/${name}`,
      `/api/${name}`,
      `/api/actors/${name}`,
      `/api/actors/${name}/history`,
      `/api/charts/${name}`,
      `/api/requests/${name}`,
      `/api/requests?worker=${name}`,
      `/api/connections?worker=${name}`,
      `/metrics?worker=${name}`,
    ]) {
      expect((await running.admin(path)).status, path).toBe(404)
    }
    expect((await running.admin(`/api/actors?${name}=1`)).status, name).toBe(400)
    expect((await running.admin(`/api/explain?url=/&worker=${name}`)).status, name).toBeLessThan(500)
    for (const path of [`/api/workers/${name}/drain`, `/api/workers/reverse_proxy/${name}`])
      expect((await running.admin(path, 'POST', { headers })).status, path).toBe(404)
    const change = (worker: string, body: string) =>
      running.admin(`/limits/${worker}`, 'PATCH', { headers, body })
    expect((await change(name, '{"max_connections":2}')).status, name).toBe(404)
    for (const body of [`{"${name}":1}`, `{"max_connections":{"${name}":1}}`]) {
      const answer = await change('reverse_proxy', body)
      expect(answer.status, body).toBe(400)
      expect(answer.text, body).toContain('max_connections')
    }
  }
})
