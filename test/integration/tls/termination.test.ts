import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { ask, connectTls } from '../../kit/clients/tls-client.ts'
import { startTlsDaemon } from '../../kit/daemons/tls-daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const get = ['GET /x HTTP/1.1', 'Host: a.test']

describe.each(['thread', 'process', 'shared'] as const)('TLS with isolation %s', (isolation) => {
  test('is terminated by the instance, and the upstream gets the scheme https', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, { isolation })
    const { socket, shown } = await connectTls(daemon.port, { servername: 'a.test' })
    expect(await ask(socket, ...get)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*hello$/s)
    expect(shown).toBe('a.test')
    expect(origin.last.get('x-forwarded-proto')).toBe('https')
  })
})

describe('the certificate', () => {
  test.each([
    ['a.test', 'a.test'],
    ['WWW.a.test', 'a.test'],
    ['one.wild.test', '*.wild.test'],
    ['two.one.wild.test', 'default.test'],
    ['wild.test', 'default.test'],
    ['unknown.test', 'default.test'],
    ['', 'default.test'],
  ])('for the server name %s is the one of %s', async (servername, expected) => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    const { socket, shown } = await connectTls(daemon.port, { servername })
    socket.destroy()
    expect(shown).toBe(expected)
  })
})

describe('the handshake', () => {
  test('supports TLS 1.2 and 1.3, and no older version', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { socket } = await connectTls(daemon.port, { minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      socket.destroy()
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(connectTls(daemon.port, old)).rejects.toThrow(/alert|version|protocol/i)
  })

  test('uses no cipher suite without forward secrecy', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA' } as const
    await expect(connectTls(daemon.port, weak)).rejects.toThrow(/handshake failure/)
  })

  test('negotiates http/1.1 by ALPN, and rejects clients that offer neither version', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    const { socket } = await connectTls(daemon.port, { ALPNProtocols: ['http/1.1'] })
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
    await expect(connectTls(daemon.port, { ALPNProtocols: ['smtp'] })).rejects.toThrow(
      /no application protocol/,
    )
  })

  test('is ended at its deadline, even if bytes trickle in, and blocks no other client', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'shared',
      tls: { handshake_timeout_secs: 1.5 },
    })
    const startedAt = performance.now()
    using silent = await RawClient.connect(daemon.port)
    using trickling = await RawClient.connect(daemon.port)
    // The start of a ClientHello of 512 bytes.
    trickling.send(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
    const timer = setInterval(() => trickling.send(Buffer.from([0])), 50)
    const { socket } = await connectTls(daemon.port)
    expect(await ask(socket, ...get)).toMatch(/^HTTP\/1\.1 200/)
    expect(silent.isEnded || trickling.isEnded).toBe(false)
    await Promise.all([silent.ended(), trickling.ended()])
    clearInterval(timer)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(silent.pending.length).toBe(0)
  })

  test('ends at once, long before its deadline, when the client disconnects', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', {
      isolation: 'shared',
      tls: { handshake_timeout_secs: 600 },
    })
    using client = await RawClient.connect(daemon.port)
    client.send(Buffer.from([0x16, 0x03, 0x01])).end()
    await client.ended()
    const counters = () => daemon.proxy.daemon.overview.counters('reverse_proxy')
    await until('it is counted', () => counters()?.tlsHandshakesFailed === 1)
    expect(counters()?.connectionsActive).toBe(0)
  })

  test('does not start over the connection limit: the connection is closed', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', {
      isolation: 'shared',
      worker: { max_connections: 1 },
    })
    const { socket } = await connectTls(daemon.port)
    using late = await RawClient.connect(daemon.port)
    await late.ended()
    expect(late.pending.length).toBe(0)
    socket.destroy()
    const counters = () => daemon.proxy.daemon.overview.counters('reverse_proxy')
    await until('the first is gone', () => counters()?.connectionsActive === 0)
    expect(counters()).toMatchObject({ connectionsRefused: 1, tlsHandshakes: 1 })
  })

  test('is counted when it fails, and frees its connection slot', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    using plain = await RawClient.connect(daemon.port)
    await plain.head('GET / HTTP/1.1', 'Host: a.test').ended()
    const gone = connect(daemon.port, '127.0.0.1', () => gone.resetAndDestroy())
    const counters = () => daemon.proxy.daemon.overview.counters('reverse_proxy')
    await until('both are counted', () => counters()?.tlsHandshakesFailed === 2)
    expect(counters()).toMatchObject({ connectionsTotal: 2, connectionsActive: 0 })
  })
})
