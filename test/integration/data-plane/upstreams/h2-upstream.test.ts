import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { FakeRequest } from '../../../kit/engine/fake-exchange.ts'
import { exchange, poolWith, relay } from '../../../kit/engine/relayed.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'
import { makeCertificate } from '../../../kit/tls/certificates.ts'
import { startTlsOrigin } from '../../../kit/tls/tls-origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const { cert, key } = makeCertificate({ subject: 'up.test', names: ['up.test'] })
const options = { ca: cert, http2: true } as const

type Seen = Readonly<Record<string, string | string[] | undefined>>

/** Starts an HTTP/2 server; `answer` gets each stream with its fields. */
async function startH2Origin(answer: (stream: ServerHttp2Stream, seen: Seen) => void) {
  const server: Http2SecureServer = createSecureServer({ cert, key })
  let sessions = 0
  const open = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions += 1
    open.add(session)
    session.on('error', () => {})
    session.on('close', () => open.delete(session))
  })
  server.on('stream', (stream, fields) => {
    stream.on('error', () => {})
    answer(stream as ServerHttp2Stream, fields as Seen)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const session of open) session.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    name: `https://up.test:${(server.address() as AddressInfo).port}`,
    get sessions() {
      return sessions
    },
    open,
  }
}

test('an upstream that offers HTTP/2 is used with it, and its connection is kept', async () => {
  const origin = await startH2Origin((stream, seen) => {
    stream.respond({
      ':status': 200,
      'x-authority': String(seen[':authority']),
      'set-cookie': ['a=1', 'b=2'],
    })
    stream.end('over h2')
  })
  const pool = poolWith(options)
  for (const host of ['a.test', 'b.test']) {
    const { response } = await exchange(pool, origin.name, ['Host', host])
    expect(response.body).toBe('over h2')
    expect(response.get('x-authority')).toBe(host)
    expect(response.fields.filter((text) => text === 'set-cookie')).toHaveLength(2)
  }
  expect(origin.sessions).toBe(1)
  expect(pool.stats).toEqual({ [origin.name]: { open: 1, idle: 1 } })
  pool.close()
  await until('the session is closed', () => origin.open.size === 0)
})

test('a request body reaches an HTTP/2 upstream', async () => {
  const origin = await startH2Origin((stream) => {
    let body = ''
    stream.on('data', (piece) => {
      body += piece
    })
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end(body)
    })
  })
  const pool = poolWith(options)
  const request = new FakeRequest('POST', [], true)
  const { response } = relay(pool, origin.name, ['Host', 'a', 'Content-Length', '5'], request)
  await until('the body is wanted', () => request.sink !== null)
  request.send('hel')
  request.send('lo')
  request.end()
  await response.over
  expect(response.body).toBe('hello')
  pool.close()
})

test('an upstream without HTTP/2 is used with HTTP/1.1', async () => {
  await using origin = await startTlsOrigin({ cert, key })
  const pool = poolWith(options)
  const { response } = await exchange(pool, `https://up.test:${origin.port}`)
  expect(response.body).toBe('secret')
  expect(origin.handshakes).toEqual([{ serverName: 'up.test', protocol: 'http/1.1', isResumed: false }])
  pool.close()
})

test('an http origin stays with HTTP/1.1', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  const pool = poolWith(options)
  const { response } = await exchange(pool, `http://${origin.authority}`)
  expect(response.body).toBe('ok')
  pool.close()
})

test('the certificate of an HTTP/2 upstream must be that of the target', async () => {
  const origin = await startH2Origin((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
  const pool = poolWith(options)
  const { response } = await exchange(pool, origin.name.replace('up.test', 'other.test'), ['Host', 'up.test'])
  expect(response.status).toBe(502)
  expect(pool.stats).toEqual({})
})

test('an HTTP/2 upstream that never answers is given up after responseMs', async () => {
  const origin = await startH2Origin(() => {})
  const pool = poolWith({ ...options, responseMs: 200 })
  const { response } = await exchange(pool, origin.name)
  expect(response.status).toBe(504)
  expect(pool.stats).toEqual({})
})

test('a client that leaves ends its HTTP/2 connection', async () => {
  const origin = await startH2Origin((stream) => {
    stream.respond({ ':status': 200 })
    stream.write('part')
  })
  const pool = poolWith(options)
  const { relay: running, response } = relay(pool, origin.name)
  await until('the response has begun', () => response.body === 'part')
  running.clientClosed()
  expect(pool.stats).toEqual({})
  await until('the session is closed', () => origin.open.size === 0)
})

test('an idle HTTP/2 connection is closed after the pool timeout', async () => {
  const origin = await startH2Origin((stream) => stream.respond({ ':status': 204 }, { endStream: true }))
  const pool = poolWith({ ...options, idleMs: 200 })
  await exchange(pool, origin.name)
  expect(pool.stats).toEqual({ [origin.name]: { open: 1, idle: 1 } })
  await until('it is closed', () => Object.keys(pool.stats).length === 0)
  await until('the session is closed', () => origin.open.size === 0)
})
