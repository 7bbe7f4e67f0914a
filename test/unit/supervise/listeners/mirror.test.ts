import { ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { Mirror } from '../../../../src/supervise/listeners/mirror.ts'
import { tied } from '../../../kit/processes/tied.ts'

async function listening() {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('a copy of a listening socket accepts connections that arrived after its server was closed', async () => {
  const { server, port } = await listening()
  const mirror = new Mirror()
  const copy = await mirror.copy(server)
  server.close()
  const client = connect({ host: '127.0.0.1', port })
  await once(client, 'connect')

  const later = createServer()
  const accepted = once(later, 'connection')
  later.listen(copy)
  const [socket] = await accepted
  socket.destroy()
  client.destroy()
  later.close()
  mirror.close()
})

test('copies of several sockets are independent', async () => {
  const both = await Promise.all([listening(), listening()])
  const mirror = new Mirror()
  const copies = await Promise.all(both.map(({ server }) => mirror.copy(server)))
  for (const { server } of both) server.close()
  const again = copies.map((copy) => createServer().listen(copy))
  await Promise.all(again.map((server) => once(server, 'listening')))
  const ports = again.map((server) => (server.address() as AddressInfo).port)
  expect(ports).toEqual(both.map(({ port }) => port))
  for (const server of again) server.close()
  mirror.close()
})

test('a closed server cannot be copied', async () => {
  const { server } = await listening()
  server.close()
  const mirror = new Mirror()
  expect(await mirror.copy(server)).toBeNull()
  mirror.close()
})

test('a closed mirror makes no more copies', async () => {
  const { server } = await listening()
  const mirror = new Mirror()
  const copy = mirror.copy(server)
  mirror.close()
  expect(await copy).toBeNull()
  server.close()
})

test('a child killed during a transfer is noticed at once, and another makes the next copy', async () => {
  const { server } = await listening()
  const children: ChildProcess[] = []
  const mirror = new Mirror(() => {
    const child = tied(fork('src/supervise/listeners/mirror-process.ts', { execArgv: [] }))
    children.push(child)
    return child
  })
  const lost = mirror.copy(server)
  children[0]?.kill('SIGKILL')
  expect(await lost).toBeNull()
  const copy = await mirror.copy(server)
  expect([children.length, copy === null]).toEqual([2, false])
  copy?.close()
  server.close()
  mirror.close()
})

test('if no process can be started there is no copy and no error', async () => {
  const { server } = await listening()
  const mirror = new Mirror(() => {
    // Like a child for which the machine has no descriptor left: it has no channel, and its error comes
    // later.
    const child = new ChildProcess()
    process.nextTick(() => child.emit('error', new Error('spawn EMFILE')))
    return child
  })
  expect(await mirror.copy(server)).toBeNull()
  const broken = new Mirror(() => {
    throw new Error('spawn ENOMEM')
  })
  expect(await broken.copy(server)).toBeNull()
  server.close()
})
