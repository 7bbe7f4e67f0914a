import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HandleTransport } from '../../../../src/http/transport/handle-transport.ts'
import { passiveTransport, SocketTransport } from '../../../../src/http/transport/socket-transport.ts'
import { transportOf } from '../../../../src/http/transport/transport-of.ts'
import { RecordingOwner } from '../../../kit/transports/pairs.ts'
import { until } from '../../../kit/waiting/until.ts'

async function pair(options = {}): Promise<{ client: Socket; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true, ...options }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { client, socket }
}

describe('transportOf', () => {
  test('uses the handle, unless public API is requested', async () => {
    const { client, socket } = await pair()
    expect(transportOf(socket)).toBeInstanceOf(HandleTransport)
    expect(transportOf(client, null, 'public')).toBeInstanceOf(SocketTransport)
  })

  test.each(['fastest', 'public'] as const)(
    'takes over a socket that was paused at accept (%s)',
    async (kind) => {
      const { client, socket } = await pair({ pauseOnConnect: true })
      const transport = transportOf(socket, null, kind)
      const owner = new RecordingOwner()
      transport.owner = owner
      transport.resume()
      client.write('hello')
      await until('the bytes arrive', () => owner.text === 'hello')
    },
  )

  test.each(['fastest', 'public'] as const)(
    'delivers an end that the socket has already read (%s)',
    async (kind) => {
      const { client, socket } = await pair()
      client.end()
      await until('the end is read', () => socket.readableEnded || socket.closed || isAtEnd(socket))
      const transport = transportOf(socket, null, kind)
      const owner = new RecordingOwner()
      transport.owner = owner
      transport.resume()
      await until('the end is delivered', () => owner.events.includes('peerEnded'))
    },
  )

  test('reports a socket that is closed already', async () => {
    const { socket } = await pair()
    socket.destroy()
    await once(socket, 'close')
    const transport = transportOf(socket)
    const owner = new RecordingOwner()
    transport.owner = owner
    expect(transport.isClosed).toBe(true)
    await until('it is reported', () => owner.isClosed)
  })
})

describe('passiveTransport', () => {
  test('leaves reading to others, and reports the end', async () => {
    const { client, socket } = await pair()
    const transport = passiveTransport(socket)
    const owner = new RecordingOwner()
    transport.owner = owner
    const read: string[] = []
    socket.on('data', (chunk) => read.push(String(chunk)))
    client.write('hello')
    await until('the other reader has it', () => read.join('') === 'hello')
    expect(transport.bytesRead).toBe(5)
    transport.close()
    await until('it is closed', () => owner.isClosed)
    expect(owner.events).toEqual(['closed'])
  })
})

/** Node has seen the peer's FIN; 'end' waits for a reader. */
const isAtEnd = (socket: Socket) =>
  (socket as unknown as { _readableState: { ended: boolean } })._readableState.ended
