import { statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { resetClients } from '../../kit/clients/resetting-clients.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { selfSigned } from '../../kit/tls/self-signed.ts'

const token = 'the-token-of-this-test'
const withAdmin = (admin: object = { listen_addr: '127.0.0.1:0', token }) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  admin,
  workers: { reverse_proxy: { target: 'http://127.0.0.1:9' } },
})
const bearer = { Authorization: `Bearer ${token}` }
const drain = '/api/workers/reverse_proxy/drain'

describe('without the token', () => {
  test('every resource may be read and none changed', async () => {
    await using running = await startTestDaemon(withAdmin())
    for (const path of ['/health', '/status', '/metrics', '/api/overview', '/api/actors/daemon/history'])
      expect([path, (await running.admin(path)).status]).toEqual([path, 200])
    for (const [method, path] of [
      ['POST', drain],
      ['POST', '/api/workers/reverse_proxy/recycle'],
      ['POST', '/api/workers/reverse_proxy/restart'],
      ['POST', '/api/session'],
      ['PATCH', '/limits/reverse_proxy'],
    ] as const)
      expect([path, (await running.admin(path, method)).status]).toEqual([path, 401])
    expect(running.stateOf('supervisor:reverse_proxy')).toBe('supervising.steady')
  })

  test('a cookie, a query or another scheme does not count as a token', async () => {
    await using running = await startTestDaemon(withAdmin())
    const post = async (headers: Readonly<Record<string, string>>, path = drain) =>
      (await running.admin(path, 'POST', { headers })).status
    expect(await post({ Cookie: `token=${token}; __Host-bifrost=${'a'.repeat(43)}` })).toBe(401)
    expect(await post({}, `${drain}?token=${token}`)).toBe(401)
    expect(await post({ Authorization: `Basic ${btoa(`:${token}`)}` })).toBe(401)
    expect(await post({ Authorization: token })).toBe(401)
  })

  test('guesses are slowed down, and the right token is still accepted', async () => {
    await using running = await startTestDaemon(withAdmin())
    const statuses: number[] = []
    for (let n = 0; n < 12; n++) {
      const headers = { Authorization: `Bearer wrong-token-number-${n}` }
      statuses.push((await running.admin(drain, 'POST', { headers })).status)
    }
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(4)
    expect((await running.admin(drain, 'POST', { headers: bearer })).status).toBe(200)
  })
})

describe('a page of another site', () => {
  test('reads nothing through its own hostname (DNS rebinding)', async () => {
    await using running = await startTestDaemon(withAdmin())
    for (const path of ['/api/overview', '/status', '/health', '/'])
      expect((await running.admin(path, 'GET', { headers: { Host: 'evil.example' } })).status).toBe(403)
  })

  test('changes nothing, even with the token (CSRF)', async () => {
    await using running = await startTestDaemon(withAdmin())
    const headers = { ...bearer, Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    expect((await running.admin(drain, 'POST', { headers })).status).toBe(403)
    const preflight = { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' }
    const asked = await running.admin(drain, 'OPTIONS', { headers: preflight })
    expect(asked.status).toBe(403)
    expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(running.stateOf('supervisor:reverse_proxy')).toBe('supervising.steady')
  })

  test('does not use up the request rate of the user', async () => {
    await using running = await startTestDaemon(withAdmin())
    const headers = { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    for (let round = 0; round < 10; round++) {
      const asked = Array.from({ length: 40 }, () => running.admin('/api/overview', 'GET', { headers }))
      expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([403]))
    }
    expect((await running.admin('/api/overview')).status).toBe(200)
  })

  test('cannot load or embed a resource, but may link to it', async () => {
    await using running = await startTestDaemon(withAdmin())
    const from = async (mode: string, dest: string) => {
      const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest }
      return (await running.admin('/status', 'GET', { headers })).status
    }
    expect(await from('no-cors', 'script')).toBe(403)
    expect(await from('navigate', 'iframe')).toBe(403)
    expect(await from('navigate', 'document')).toBe(200)
  })
})

test('every response has the security header fields, also a refusal', async () => {
  await using running = await startTestDaemon(withAdmin())
  const answers = [
    await running.admin('/api/overview'),
    await running.admin('/nothing'),
    await running.admin('/', 'GET', { headers: { Host: 'evil.example' } }),
  ]
  for (const { headers } of answers)
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'self';.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
  expect(answers.map(({ headers }) => headers['content-security-policy'])).not.toContain('unsafe')
})

describe('a request', () => {
  test('whose path or header contains markup is answered with JSON, not with a page', async () => {
    await using running = await startTestDaemon(withAdmin())
    const hostile = '/api/actors/%3Cscript%3Ealert(1)%3C%2Fscript%3E'
    const answer = await running.admin(hostile, 'GET', { headers: { 'Last-Event-ID': '<script>' } })
    expect([answer.status, answer.type]).toEqual([404, 'application/json; charset=utf-8'])
    expect(answer.text).not.toContain('<script>')
  })

  test.each([
    ['with its length', { 'Content-Length': '100000' }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('with a body that is too long, sent %s, is refused and the connection closed', async (_, headers) => {
    await using running = await startTestDaemon(withAdmin())
    const answer = await running.admin('/limits/reverse_proxy', 'PATCH', {
      headers: { ...bearer, ...headers },
      body: 'x'.repeat(100_000),
    })
    expect([answer.status, answer.headers['connection']]).toEqual([413, 'close'])
  })

  test('with a head that is too long is refused', async () => {
    await using running = await startTestDaemon(withAdmin())
    using client = await RawClient.connect(running.port('admin'))
    client.head('GET /status HTTP/1.1', 'Host: localhost', `X: ${'x'.repeat(20_000)}`)
    expect((await client.response()).status).toBe(431)
  })

  test('above the rate of its client is answered with 429', async () => {
    await using running = await startTestDaemon(withAdmin())
    using client = await RawClient.connect(running.port('admin'))
    const statuses = await askAtOnce(client, '/health', 1_000)
    expect(statuses.slice(0, 100)).toEqual(Array(100).fill(200))
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20)
  })

  test('for a page file does not use up the request rate, even 600 at once', async () => {
    await using running = await startTestDaemon(withAdmin())
    using client = await RawClient.connect(running.port('admin'))
    expect(await askAtOnce(client, '/page/main.js', 600)).toEqual(Array(600).fill(200))
    expect(await askAtOnce(client, '/health', 1)).toEqual([200])
  })
})

async function askAtOnce(client: RawClient, path: string, count: number): Promise<readonly number[]> {
  client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count))
  const statuses: number[] = []
  for (let n = 0; n < count; n++) statuses.push((await client.response()).status)
  return statuses
}

test('a client that resets its connection before it is accepted changes nothing', async () => {
  await using running = await startTestDaemon(withAdmin())
  const field = `Authorization: ${bearer.Authorization}`
  resetClients(running.port('admin'), 50, `POST ${drain} HTTP/1.1\r\nHost: localhost\r\n${field}\r\n\r\n`)
  expect((await running.admin('/health')).status).toBe(200)
  expect(running.stateOf('supervisor:reverse_proxy')).toBe('supervising.steady')
  expect((await running.admin(drain, 'POST', { headers: bearer })).status).toBe(200)
})

test('a Unix socket is accessible to its user only and accepts any Host', async () => {
  const path = join(tempDir(), 'admin.sock')
  await using running = await startTestDaemon(withAdmin({ listen_addr: `unix:${path}`, token }))
  expect(running.daemon.addresses()['admin']).toBeUndefined()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const status = await new Promise((resolve, reject) => {
    httpRequest({ socketPath: path, path: '/health', headers: { Host: 'whatever' } }, (res) => {
      res.resume()
      resolve(res.statusCode)
    })
      .on('error', reject)
      .end()
  })
  expect(status).toBe(200)
})

describe('a public address', () => {
  const folder = tempDir()
  const tls = { cert: join(folder, 'a.pem'), key: join(folder, 'a.key') }
  writeFileSync(tls.cert, selfSigned.cert)
  writeFileSync(tls.key, selfSigned.key)

  function ask(port: number, path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}) {
    return new Promise<{ status: number; cookie: string }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers, ca: selfSigned.cert, agent: false }
      request(options, (res) => {
        res.resume()
        resolve({ status: res.statusCode ?? 0, cookie: res.headers['set-cookie']?.[0] ?? '' })
      })
        .on('error', reject)
        .end()
    })
  }

  test('speaks TLS only, and requires the token or a session that was opened with it', async () => {
    const admin = { listen_addr: '0.0.0.0:0', token, tls }
    await using running = await startTestDaemon(withAdmin(admin))
    const port = running.port('admin')
    for (const path of ['/health', '/metrics', '/status', '/api/overview', '/api/events'])
      expect([path, (await ask(port, path)).status]).toEqual([path, 401])
    expect((await ask(port, '/api/overview', 'GET', bearer)).status).toBe(200)
    expect((await ask(port, '/api/session', 'POST')).status).toBe(401)
    const { status, cookie } = await ask(port, '/api/session', 'POST', bearer)
    expect(status).toBe(200)
    const session = { Cookie: cookie.split(';')[0] ?? '' }
    expect((await ask(port, '/api/overview', 'GET', session)).status).toBe(200)
    // A browser sends the session cookie automatically, so it does not authorize changes.
    expect((await ask(port, drain, 'POST', session)).status).toBe(401)
    await expect(running.admin('/health')).rejects.toThrow()
  })
})
