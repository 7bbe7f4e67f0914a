import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { BifrostError } from '../../../../src/errors.ts'
import { FakeRequest } from '../../../kit/engine/fake-exchange.ts'
import { exchange, gateWith, poolWith, relay } from '../../../kit/engine/relayed.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'
import { makeCertificate } from '../../../kit/tls/certificates.ts'
import { selfSigned } from '../../../kit/tls/self-signed.ts'
import { answering, startTlsOrigin } from '../../../kit/tls/tls-origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const authority = makeCertificate({ subject: 'test authority', isAuthority: true })
const certified = (name: string) => {
  const { cert, key } = makeCertificate({ subject: name, names: [name], issuer: authority })
  return { cert, key }
}
const ca = authority.cert
/** Reads everything and answers nothing. */
const silent = (socket: Socket) => socket.resume().on('end', () => socket.end())
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('the identity of an https upstream', () => {
  test('is that of the target, whatever Host the client sends', async () => {
    await using origin = await startTlsOrigin(certified('up.test'))
    const pool = poolWith({ ca })
    for (const host of ['up.test', 'public.example', 'other.test:444', '']) {
      const { response } = await exchange(pool, `https://up.test:${origin.port}`, ['Host', host])
      expect(response.body, host).toBe('secret')
    }
    expect(origin.handshakes.map(({ serverName }) => serverName)).toEqual(['up.test'])
    pool.close()
  })

  test('cannot be chosen by the Host of a client', async () => {
    await using origin = await startTlsOrigin(certified('attacker.test'))
    const pool = poolWith({ ca })
    const { response, owner } = await exchange(pool, `https://up.test:${origin.port}`, [
      'Host',
      'attacker.test',
    ])
    expect(response.status).toBe(502)
    expect(owner.failure).toBe('UPSTREAM_BROKEN')
    expect(pool.stats).toEqual({})
  })

  test('of a name that ends in a dot is that of the name', async () => {
    await using origin = await startTlsOrigin(certified('up.test'))
    const pool = poolWith({ ca })
    const { response } = await exchange(pool, `https://up.test.:${origin.port}`)
    expect(response.status).toBe(200)
    expect(origin.handshakes[0]?.serverName).toBe('up.test')
    pool.close()
  })

  test('of an IP address is checked against the addresses of the certificate, without a server name', async () => {
    await using origin = await startTlsOrigin(selfSigned)
    await using named = await startTlsOrigin(certified('up.test'))
    const pool = poolWith({ ca: selfSigned.cert })
    const { response } = await exchange(pool, `https://127.0.0.1:${origin.port}`, ['Host', 'up.test'])
    expect(response.body).toBe('secret')
    expect(origin.handshakes).toEqual([{ serverName: '', protocol: 'http/1.1', isResumed: false }])
    const { response: refused } = await exchange(poolWith({ ca }), `https://127.0.0.1:${named.port}`)
    expect(refused.status).toBe(502)
    pool.close()
  })

  test('is required: an unknown authority gives a 502 that names no address', async () => {
    await using origin = await startTlsOrigin(selfSigned)
    const { response } = await exchange(poolWith(), `https://127.0.0.1:${origin.port}`)
    expect(response.status).toBe(502)
    expect(response.body).not.toContain('127.0.0.1')
  })
})

test('requests with alternating Hosts share one connection', async () => {
  await using origin = await startTlsOrigin(certified('up.test'))
  const pool = poolWith({ ca })
  for (let at = 0; at < 6; at += 1) {
    await exchange(pool, `https://up.test:${origin.port}`, ['Host', `host${at % 2}.test`])
  }
  expect(origin.handshakes).toHaveLength(1)
  pool.close()
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`later connections resume the session of the origin: ${maxVersion}`, async () => {
    await using origin = await startTlsOrigin({ ...certified('up.test'), maxVersion })
    await using other = await startTlsOrigin({ ...certified('up.test'), maxVersion })
    const pool = poolWith({ ca, maxIdlePerHost: 0 })
    for (let at = 0; at < 4; at += 1) {
      const { response } = await exchange(pool, `https://up.test:${origin.port}`)
      expect(response.status).toBe(200)
    }
    await exchange(pool, `https://up.test:${other.port}`)
    expect(origin.handshakes.map(({ isResumed }) => isResumed)).toEqual([false, true, true, true])
    expect(other.handshakes[0]?.isResumed).toBe(false)
    pool.close()
  })
}

test('an upstream that requires another protocol (ALPN) gives a 502', async () => {
  await using origin = await startTlsOrigin({ ...certified('up.test'), ALPNProtocols: ['h2'] })
  const { response } = await exchange(poolWith({ ca }), `https://up.test:${origin.port}`)
  expect(response.status).toBe(502)
})

test.each(['refuseTarget', 'refuseAddress', 'refusePeer'] as const)(
  'a gate refuses an https upstream before the handshake: %s',
  async (way) => {
    await using origin = await startTlsOrigin(certified('up.test'))
    const gate = gateWith({ [way]: () => new BifrostError('FORBIDDEN_DESTINATION') })
    const pool = poolWith({ ca, gate })
    const { response } = await exchange(pool, `https://up.test:${origin.port}`)
    expect(response.status).toBe(403)
    expect(origin.handshakes).toEqual([])
    expect(pool.stats).toEqual({})
  },
)

test('connectMs bounds TCP and TLS together if an upstream never answers the handshake', async () => {
  await using origin = await startRawOrigin(silent)
  const pool = poolWith({ ca, connectMs: 100 })
  const { response } = await exchange(pool, `https://up.test:${origin.port}`)
  expect(response.status).toBe(504)
  expect(pool.stats).toEqual({})
  await until('the connection is closed', () => origin.sockets.size === 0)
})

test('a client that leaves during the handshake ends the connection', async () => {
  await using origin = await startRawOrigin(silent)
  const pool = poolWith({ ca })
  const { relay: running } = relay(pool, `https://up.test:${origin.port}`)
  await until('it is connected', () => origin.sockets.size === 1)
  running.clientClosed()
  expect(pool.stats).toEqual({})
  await until('the connection is closed', () => origin.sockets.size === 0)
})

describe('a response over TLS', () => {
  test('keeps a reason phrase that is not UTF-8', async () => {
    await using origin = await startTlsOrigin(
      certified('up.test'),
      answering('HTTP/1.1 200 Caf\xe9\r\nContent-Length: 0\r\n\r\n'),
    )
    const pool = poolWith({ ca })
    const { response } = await exchange(pool, `https://up.test:${origin.port}`)
    expect(response.reason).toBe('Caf\xe9')
    pool.close()
  })

  test('may follow informational responses, an unasked 100 and unknown ones included', async () => {
    await using origin = await startTlsOrigin(
      certified('up.test'),
      answering(
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 104 New\r\nX-A: 1\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n${ok}`,
      ),
    )
    const pool = poolWith({ ca })
    const { response } = await exchange(pool, `https://up.test:${origin.port}`)
    expect(response.events).toEqual([
      '100 Continue Via 1.1 test',
      '104 New X-A 1 Via 1.1 test',
      '199 Odd Via 1.1 test',
      'head',
      'ok',
      'end',
    ])
    pool.close()
  })

  test('may be early: a 401 spares the upload', async () => {
    await using origin = await startTlsOrigin(
      certified('up.test'),
      answering('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'),
    )
    const pool = poolWith({ ca })
    const request = new FakeRequest('POST', [], true)
    const fields = ['Host', 'a', 'Content-Length', '1000000']
    const { response } = relay(pool, `https://up.test:${origin.port}`, fields, request)
    await response.over
    expect(response.status).toBe(401)
    expect(request.receivedBytes).toBe(0)
    expect(request.isDiscarded).toBe(true)
    expect(pool.stats).toEqual({})
  })

  test('with a head that drips is given up after responseMs', async () => {
    await using origin = await startTlsOrigin(certified('up.test'), (socket) => {
      const drip = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(drip))
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nX-Long: '))
    })
    const pool = poolWith({ ca, responseMs: 200 })
    const { response } = await exchange(pool, `https://up.test:${origin.port}`)
    expect(response.status).toBe(504)
    await until('the connection is closed', () => origin.sockets.size === 0)
  })
})

test('an idle connection is closed at the end of its lifetime', async () => {
  await using origin = await startTlsOrigin(certified('up.test'))
  const pool = poolWith({ ca, lifetimeMs: 200 })
  await exchange(pool, `https://up.test:${origin.port}`)
  expect(Object.values(pool.stats)).toEqual([{ open: 1, idle: 1 }])
  await until('it is closed', () => Object.keys(pool.stats).length === 0)
  pool.close()
})
