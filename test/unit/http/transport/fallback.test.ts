import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { takeConnections, use } from '../../../../src/http/transport/handles.ts'
import { SocketTransport } from '../../../../src/http/transport/socket-transport.ts'
import { detach, fdOf } from '../../../../src/http/transport/transport-of.ts'
import { closePairs, connectPair } from '../../../kit/transports/pairs.ts'

use.handles = false
afterEach(closePairs)

test('on public API every transport is that of a socket, which cannot be detached', async () => {
  const { transport } = await connectPair({ way: 'socket', over: 'TCP' })
  expect(use.handles).toBe(false)
  expect(transport).toBeInstanceOf(SocketTransport)
  expect([fdOf(transport), detach(transport)]).toEqual([-1, null])
})

test('on public API the connections of a server remain its events', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  takeConnections(
    server,
    () => expect.fail('a handle was taken'),
    () => {},
  )
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.destroy()
  client.destroy()
  server.close()
})
