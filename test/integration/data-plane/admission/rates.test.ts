import { expect, test } from 'vitest'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'

// An hour, so that no token arrives while a test runs.
const hourly = (limit: number, more = {}) => ({ limit, burst: limit, windowMs: 3_600_000, ...more })
const rates = { rules: [hourly(2)] }
const site = {
  path: '/files',
  rootDir: 'config/site',
  spaMode: false,
  spaFallbackFile: 'index.html',
  indexFiles: ['index.html'],
}
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`

async function statuses(
  port: number,
  count: number,
  target: string,
  from = '127.0.0.1',
  ...fields: string[]
) {
  using client = await RawClient.connect(port, '127.0.0.1', from)
  const all: number[] = []
  for (let at = 0; at < count; at += 1) all.push((await client.get(target, ...fields)).status)
  return all
}

test('reverse: 429 with Retry-After and RateLimit fields on an open connection; others are served', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { rates }))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).rawHeaders.join()).not.toContain('RateLimit')
  await client.get('/')
  const refused = await client.get('/')
  expect(refused.status).toBe(429)
  expect(refused.get('ratelimit-policy')).toBe('"default";q=2;w=3600')
  expect(refused.get('ratelimit')).toBe('"default";r=0;t=1800')
  expect(refused.get('retry-after')).toBe('1800')
  expect((await client.get('/')).status).toBe(429)
  expect(origin.seen).toHaveLength(2)
  expect(await statuses(proxy.port, 3, '/', '127.0.0.2')).toEqual([200, 200, 429])
})

test('a request is granted once a new token is available', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { rates: { rules: [hourly(1, { windowMs: 20 })] } }),
  )
  using client = await RawClient.connect(proxy.port)
  let granted = 0
  const until = performance.now() + 10_000
  while (granted < 3 && performance.now() < until) {
    if ((await client.get('/')).status === 200) granted += 1
  }
  expect(granted).toBe(3)
})

test('forward: rate limits apply to requests and CONNECT, together or separately', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    forwardTo({
      rates: {
        rules: [hourly(1, { id: 'tunnels', methods: ['CONNECT'] }), hourly(2, { pathPrefix: '/api' })],
      },
    }),
  )
  const connect = async () => {
    using client = await RawClient.connect(proxy.port)
    client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    const head = await client.responseHead()
    return [head.status, head.get('retry-after')]
  }
  expect(await connect()).toEqual([200, undefined])
  expect(await connect()).toEqual([429, '3600'])
  const base = `http://${origin.authority}`
  expect(await statuses(proxy.port, 3, `${base}/api/x`)).toEqual([200, 200, 429])
  expect(await statuses(proxy.port, 3, `${base}/other`)).toEqual([200, 200, 200])
})

test('static: missing files count too, and with announce every response shows the remaining tokens', async () => {
  await using proxy = await startEdge(filesIn([site], { rates: { ...rates, announces: true } }))
  using client = await RawClient.connect(proxy.port)
  const all = [
    await client.get('/files/style.css'),
    await client.get('/files/none'),
    await client.get('/elsewhere'),
  ]
  expect(all.map(({ status }) => status)).toEqual([200, 404, 429])
  expect(all.map((response) => response.all('ratelimit'))).toEqual([
    ['"default";r=1;t=1800'],
    ['"default";r=0;t=1800'],
    ['"default";r=0;t=1800'],
  ])
})

test('an Upgrade takes a token too', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { rates }))
  await statuses(proxy.port, 2, '/')
  using client = await RawClient.connect(proxy.port)
  client.head(
    'GET / HTTP/1.1',
    'Host: a.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  )
  expect((await client.response()).status).toBe(429)
})

test('each service of a combined worker counts separately', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge([
    reverseTo(`http://${origin.authority}`, { rates }),
    filesIn([site], { rates }),
  ])
  expect(await statuses(proxy.port, 3, '/')).toEqual([200, 200, 429])
  expect(await statuses(proxy.port, 3, '/files/')).toEqual([200, 200, 429])
})

test('behind a trusted proxy requests count by client', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { rates, trust: { proxies: ['127.0.0.1'] } }),
  )
  const named = (client: string) => statuses(proxy.port, 3, '/', '127.0.0.1', `X-Forwarded-For: ${client}`)
  expect(await named('2001:db8::1')).toEqual([200, 200, 429])
  expect(await named('2001:db8::2')).toEqual([429, 429, 429])
  expect(await named('2001:db9::2')).toEqual([200, 200, 429])
})

test('requests of a user count from any address; wrong passwords are limited, requests without one are not', async () => {
  await using origin = await startOrigin()
  const users = ['alice', 'bob'].map((name) => ({ name, password: { form: 'plain', text: 'pw' } as const }))
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, {
      auth: { users },
      rates: { rules: [hourly(2, { key: 'user' })] },
    }),
  )
  const as = (credentials: string, from: string, count: number) =>
    statuses(proxy.port, count, '/', from, `Authorization: ${basic(credentials)}`)
  expect(await as('alice:pw', '127.0.0.1', 1)).toEqual([200])
  expect(await as('alice:pw', '127.0.0.2', 2)).toEqual([200, 429])
  expect(await as('bob:pw', '127.0.0.2', 1)).toEqual([200])
  expect(await statuses(proxy.port, 4, '/', '127.0.0.3')).toEqual([401, 401, 401, 401])
  expect(await as('bob:guess', '127.0.0.3', 4)).toEqual([401, 401, 429, 429])
})

test('HTTP/2 streams count like requests', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { rates }), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const all = await Promise.all([1, 2, 3].map(() => client.get('/')))
  expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 429])
  expect(all.find(({ status }) => status === 429)?.headers).toMatchObject({ 'retry-after': '1800' })
})

test.each([
  '/../login',
  '/%2e%2e/login',
  '/x\\..\\login',
  '/x%5C..%5Clogin',
  '/%zz/../login',
  '/login;x',
  '/LOGIN',
  '/%256cogin',
  '/x/..;/login',
])('a rule for a path cannot be evaded by %j', async (path) => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { rates: { rules: [hourly(2, { pathPrefix: '/login' })] } }),
  )
  expect(await statuses(proxy.port, 3, '/login')).toEqual([200, 200, 429])
  expect(await statuses(proxy.port, 1, path)).toEqual([429])
  expect(await statuses(proxy.port, 1, '/other')).toEqual([200])
  expect(origin.seen.map(({ url }) => url)).toEqual(['/login', '/login', '/other'])
})
