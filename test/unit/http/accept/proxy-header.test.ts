import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { readProxyHeader } from '../../../../src/http/accept/proxy-header.ts'
import type { ProxyHeader } from '../../../../src/http/accept/proxy-protocol.ts'
import { CoarseClock } from '../../../../src/http/clock.ts'
import { transportOf } from '../../../../src/http/transport/transport-of.ts'
import { RecordingOwner } from '../../../kit/transports/pairs.ts'
import { until } from '../../../kit/waiting/until.ts'

const opened: { close(): unknown }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

/** A client and the socket that the server has accepted for it. */
async function pair(): Promise<{ client: Socket; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  opened.push(server, { close: () => client.destroy() }, { close: () => socket.destroy() })
  return { client, socket }
}

function headerOf(socket: Socket, waitMs = 60_000): Promise<ProxyHeader | null> {
  const clock = new CoarseClock(waitMs)
  opened.push(clock)
  return new Promise((resolve) => readProxyHeader(socket, clock, waitMs, resolve))
}

const line = 'PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n'

describe.each(['fastest', 'public'] as const)('readProxyHeader before a transport (%s)', (kind) => {
  test('leaves the bytes after the header to the transport', async () => {
    const { client, socket } = await pair()
    client.write(`${line}GET / `)
    const header = await headerOf(socket)
    expect(header?.client).toEqual({ address: '192.0.2.7', port: 4711 })
    client.end('HTTP/1.1')
    const transport = transportOf(socket, null, kind)
    const owner = new RecordingOwner()
    transport.owner = owner
    transport.resume()
    await until('the client has ended', () => owner.events.includes('peerEnded'))
    expect(owner.text).toBe('GET / HTTP/1.1')
    expect(transport.bytesRead).toBe(14)
  })

  test('leaves an end that came with the header to the transport', async () => {
    const { client, socket } = await pair()
    client.end(`${line}GET`)
    await headerOf(socket)
    await until('the end is known', () => socket.readableLength > 0)
    const transport = transportOf(socket, null, kind)
    const owner = new RecordingOwner()
    transport.owner = owner
    transport.resume()
    await until('the client has ended', () => owner.events.includes('peerEnded'))
    expect(owner.text).toBe('GET')
  })
})

describe('readProxyHeader', () => {
  test('reads a header that arrives byte by byte', async () => {
    const { client, socket } = await pair()
    client.setNoDelay(true)
    const header = headerOf(socket)
    for (const letter of line) {
      client.write(letter)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await header)?.length).toBe(line.length)
  })

  test.each([
    ['other bytes', (client: Socket) => client.write('GET / HTTP/1.1\r\n')],
    ['an end before the header is whole', (client: Socket) => client.end('PROXY TCP4')],
  ])('gives null for %s', async (_, act) => {
    const { client, socket } = await pair()
    act(client)
    expect(await headerOf(socket)).toBe(null)
  })

  test('gives null for a header that does not arrive in time', async () => {
    const { socket } = await pair()
    expect(await headerOf(socket, 1)).toBe(null)
  })
})
