/**
 * Clients that send a request and reset the connection at once. When they are accepted, the kernel no longer
 * knows their address.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import type { Isolation } from '../../src/config/settings/settings.ts'
import { fieldsOf, flag, frame, frameOf, requestOf } from '../kit/clients/h2-frames.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { resetClients, resetTlsClients } from '../kit/clients/resetting-clients.ts'

import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { type Origin, startOrigin } from '../kit/origins/origin.ts'
import { selfSigned } from '../kit/tls/self-signed.ts'
import { until } from '../kit/waiting/until.ts'

const post = 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
const tries = 200
const tlsTries = 30

const start = (origin: Origin, worker: object, isolation: Isolation = 'shared') =>
  startTestDaemon(
    {
      mode: 'Reverse',
      workers: {
        reverse_proxy: {
          target: `http://${origin.authority}`,
          isolation,
          listeners: [{ address: '127.0.0.1:0' }],
          ...worker,
        },
      },
    },
    { allowFaults: true },
  )

/**
 * Waits until all queued connections were accepted, since a later one is answered, and all requests have
 * ended.
 */
async function settle(proxy: TestDaemon, opening = ''): Promise<number> {
  using client = await RawClient.connect(proxy.port('reverse_proxy'))
  client.send(opening)
  const { status } = await client.get('/last')
  client.destroy()
  const active = () => proxy.daemon.overview.counters('reverse_proxy')?.connectionsActive
  await until('every connection has ended', () => active() === 0)
  return status
}

const deny = { access: { deny: ['127.0.0.0/8'] } }
const listener = (...trusted: string[]) => ({
  listeners: [{ address: '127.0.0.1:0', proxy_protocol: { trusted } }],
})

describe('clients that reset before they are accepted', () => {
  test.each([
    ['with a denied network', deny, '', post],
    ['with only Unix sockets allowed', { access: { allow: ['unix:'] } }, '', post],
    [
      'with a PROXY header that names a client',
      { ...deny, ...listener('127.0.0.1') },
      proxyV1('127.0.0.9'),
      post,
    ],
    [
      'with a PROXY header without a client address',
      { ...deny, ...listener('127.0.0.1') },
      'PROXY UNKNOWN\r\n',
      post,
    ],
    ['with a PROXY header when only Unix sockets are trusted', listener('unix:'), proxyV1('192.0.2.7'), post],
  ])('%s reach no upstream', async (_, worker, opening, request) => {
    await using origin = await startOrigin()
    {
      await using proxy = await start(origin, worker)
      resetClients(proxy.port('reverse_proxy'), tries, opening + request)
      if (!opening.includes('192.0.2.7')) expect(await settle(proxy, opening)).toBe(403)
      expect(proxy.log.join('\n')).not.toContain('unknown')
    }
    expect(origin.seen.map(({ url }) => url)).toEqual([])
  })

  test('do not bypass the limit of connections per client', async () => {
    await using origin = await startOrigin()
    {
      await using proxy = await start(origin, { max_connections_per_client: 1 })
      using holder = await RawClient.connect(proxy.port('reverse_proxy'))
      expect((await holder.get('/holder')).status).toBe(200)
      resetClients(proxy.port('reverse_proxy'), tries, post)
      using late = await RawClient.connect(proxy.port('reverse_proxy'))
      expect((await late.get('/late')).status).toBe(503)
    }
    expect(origin.seen.map(({ url }) => url)).toEqual(['/holder'])
  })

  test('do not bypass a rate limit, and get no bucket of their own', async () => {
    await using origin = await startOrigin()
    {
      const rate_limiting = { default_limit: { limit: 1, window_secs: 86_400 } }
      await using proxy = await start(origin, { rate_limiting })
      expect(await settle(proxy)).toBe(200)
      resetClients(proxy.port('reverse_proxy'), tries, post)
      expect(await settle(proxy)).toBe(429)
    }
    expect(origin.seen.map(({ url }) => url)).toEqual(['/last'])
  })

  test('cause no password check', async () => {
    await using origin = await startOrigin()
    const auth = { users: [{ name: 'alice', password: hashSync('right', 5) }] }
    await using proxy = await start(origin, { auth })
    const field = `Authorization: Basic ${Buffer.from('alice:right').toString('base64')}`
    resetClients(proxy.port('reverse_proxy'), tries, post.replace('Host: a', `Host: a\r\n${field}`))
    expect(await settle(proxy)).toBe(401)
    expect(origin.seen).toEqual([])
    expect(proxy.daemon.overview.counters('reverse_proxy')).toMatchObject({
      requestsTotal: 1,
      connectionsTotal: 1,
    })
  })

  test('are counted', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(origin, {})
    resetClients(proxy.port('reverse_proxy'), tries, post)
    expect(await settle(proxy)).toBe(200)
    expect(proxy.daemon.overview.counters('reverse_proxy')).toMatchObject({
      connectionsReset: tries,
      connectionsTotal: 1,
    })
  })
})

describe.each([
  ['HTTP/1.1', 'http/1.1', Buffer.from(post)],
  ['HTTP/2', 'h2', http2Post()],
])('clients that reset after the TLS handshake and one request of %s', (_, protocol, request) => {
  test('reach no upstream from a denied network', async () => {
    const directory = tempDir()
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(directory, name)) as [string, string]
    writeFileSync(cert, selfSigned.cert)
    writeFileSync(key, selfSigned.key)
    await using origin = await startOrigin()
    {
      const tls = { certificates: [{ cert, key }] }
      const listeners = [{ address: '127.0.0.1:0', tls }]
      await using proxy = await start(origin, { ...deny, listeners }, 'thread')
      resetTlsClients(proxy.port('reverse_proxy'), tlsTries, protocol, request)
      const counters = () => proxy.daemon.overview.counters('reverse_proxy')
      await until('every handshake is over', () => counters()?.tlsHandshakes === tlsTries)
      await until('every connection has ended', () => counters()?.connectionsActive === 0)
    }
    expect(origin.seen).toEqual([])
  })
})

describe.each(['thread', 'process'] as const)('clients that reset at any moment (%s)', (isolation) => {
  test('reach no upstream from a denied network', async () => {
    await using origin = await startOrigin()
    {
      await using proxy = await start(origin, deny, isolation)
      resetClients(proxy.port('reverse_proxy'), tries, post)
      expect(await settle(proxy)).toBe(403)
    }
    expect(origin.seen).toEqual([])
  })

  test('reach no upstream when the main thread held them during a crash', async () => {
    await using origin = await startOrigin()
    {
      await using proxy = await start(origin, deny, isolation)
      expect(proxy.daemon.inject('reverse_proxy', 'kill')).toBe(true)
      await until('the instance is down', () => proxy.stateOf('reverse_proxy#1') !== 'running.alive')
      resetClients(proxy.port('reverse_proxy'), tries, post)
      await until('the next one serves', () => proxy.stateOf('reverse_proxy#2') === 'running.alive')
      expect(await settle(proxy)).toBe(403)
    }
    expect(origin.seen).toEqual([])
  })
})

function proxyV1(client: string): string {
  return `PROXY TCP4 ${client} 127.0.0.1 1000 443\r\n`
}

/** The HTTP/2 preface, SETTINGS and a whole POST. */
function http2Post(): Buffer {
  const fields = fieldsOf(requestOf({ ':method': 'POST', ':scheme': 'https' }))
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frameOf(frame.settings, 0, 0),
    frameOf(frame.headers, flag.endHeaders, 1, fields),
    frameOf(frame.data, flag.endStream, 1, Buffer.from('hello')),
  ])
}
