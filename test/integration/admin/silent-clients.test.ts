import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { ask, connectTls } from '../../kit/clients/tls-client.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { makeCertificate, writeCertificate } from '../../kit/tls/certificates.ts'
import { until } from '../../kit/waiting/until.ts'

/** Connections that fill the admin server and send no request. */

const folder = tempDir()
afterAll(() => rmSync(folder, { recursive: true }))
writeCertificate(folder, 'admin', makeCertificate({ subject: 'admin.test' }))
const tls = { cert: join(folder, 'admin.pem'), key: join(folder, 'admin.key') }
const token = 'the-token-of-this-test'

const start = (admin: object = {}): Promise<TestDaemon> =>
  startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    admin: { listen_addr: '127.0.0.1:0', token, ...admin },
    workers: { reverse_proxy: { isolation: 'shared', target: 'http://127.0.0.1:9' } },
  })

async function crowd(port: number, count: number): Promise<{ readonly all: Socket[] } & Disposable> {
  const all: Socket[] = []
  for (let at = 0; at < count; at += 1) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.resume()
    all.push(socket)
    await once(socket, 'connect')
  }
  return {
    all,
    [Symbol.dispose]: () => {
      for (const socket of all) socket.destroy()
    },
  }
}

async function health(client: RawClient): Promise<number> {
  client.head('GET /health HTTP/1.1', 'Host: localhost')
  return (await client.response()).status
}

describe('when silent connections fill the server', () => {
  test('a client with a request is answered, and the oldest of them is closed', async () => {
    await using running = await start()
    using silent = await crowd(running.port('admin'), 300)
    using client = await RawClient.connect(running.port('admin'))
    expect(await health(client)).toBe(200)
    await until('the oldest is closed', () => silent.all[0]?.closed === true)
  })

  test('a client in the middle of a response is not closed', async () => {
    await using running = await start()
    using client = await RawClient.connect(running.port('admin'))
    client.head('GET /api/events HTTP/1.1', 'Host: localhost')
    await until('it watches', () => client.pending.includes('event: reset'))
    using _silent = await crowd(running.port('admin'), 300)
    using other = await RawClient.connect(running.port('admin'))
    expect(await health(other)).toBe(200)
    expect(client.isEnded).toBe(false)
  })

  test('a TLS client is answered too, although they never begin the handshake', async () => {
    await using running = await start({ tls })
    const port = running.port('admin')
    using silent = await crowd(port, 300)
    const { socket } = await connectTls(port)
    expect(
      await ask(socket, 'GET /health HTTP/1.1', 'Host: 127.0.0.1', `Authorization: Bearer ${token}`),
    ).toContain('HTTP/1.1 200')
    socket.destroy()
    await until('the oldest is closed', () => silent.all[0]?.closed === true)
  })
})

describe('is cut off although the server has room:', () => {
  test.each([
    ['a connection that sends nothing', {}, '', ''],
    ['a connection without a TLS handshake', { tls }, '', ''],
    ['a head that arrives line by line', {}, 'GET / HTTP/1.1\r\nHost: localhost\r\n', 'X: y\r\n'],
    ['a TLS handshake that arrives byte by byte', { tls }, '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', '\0'],
  ] as const)('%s', async (_, admin, first, drip) => {
    await using running = await start(admin)
    using silent = await crowd(running.port('admin'), 1)
    const [socket] = silent.all as [Socket]
    socket.write(first, 'latin1')
    const timer = setInterval(() => socket.write(drip, 'latin1'), 300)
    // Twice the limit, for a busy machine. Node's own check would come after 30 s, that of a handshake after
    // 120 s.
    await until('it is closed', () => socket.closed, 10_000).finally(() => clearInterval(timer))
  })
})
