import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { acceptFrom } from '../../../../src/http/accept/listening.ts'
import { UnixListener } from '../../../../src/http/accept/unix-listener.ts'
import { HandleTransport } from '../../../../src/http/transport/handle-transport.ts'
import type { Transport } from '../../../../src/http/transport/transport.ts'
import { fdOf, transportOf } from '../../../../src/http/transport/transport-of.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { until } from '../../../kit/waiting/until.ts'

const opened: { close(): unknown }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(server)
  return { server, port: (server.address() as AddressInfo).port }
}

/** Answers a connection with its peer's bytes, and closes it. */
function echo(accepted: Transport | Socket): void {
  const transport = accepted instanceof Socket ? transportOf(accepted) : accepted
  transport.owner = {
    received: (bytes, length) => {
      transport.write(Buffer.from(bytes.subarray(0, length)))
    },
    peerEnded: () => transport.end(),
    drained: () => {},
    closed: () => {},
  }
  transport.resume()
}

const ask = (where: number | string, question = 'x') => {
  const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1')
  socket.end(question)
  return text(socket)
}

describe('acceptFrom', () => {
  test('gives transports without Node sockets to a plain listener', async () => {
    const { server, port } = await listen()
    const accepted: (Transport | Socket)[] = []
    acceptFrom(server, true, (one) => {
      accepted.push(one)
      expect(fdOf(one)).toBeGreaterThan(2)
      echo(one)
    })
    expect(await ask(port, 'hello')).toBe('hello')
    expect(accepted[0]).toBeInstanceOf(HandleTransport)
  })

  test('gives Node sockets to any other listener', async () => {
    const { server, port } = await listen()
    const accepted: (Transport | Socket)[] = []
    acceptFrom(server, false, (one) => {
      accepted.push(one)
      expect(fdOf(one)).toBeGreaterThan(2)
      echo(one)
    })
    expect(await ask(port, 'hello')).toBe('hello')
    expect(accepted[0]).toBeInstanceOf(Socket)
  })

  test('takes sockets that another process has accepted', async () => {
    const { server } = await listen()
    const accepted: (Transport | Socket)[] = []
    acceptFrom(server, true, (one) => accepted.push(one))
    const socket = new Socket()
    server.emit('connection', socket)
    expect(accepted).toEqual([socket])
  })

  test('reports a failed accept as an error of the server', async () => {
    const { server } = await listen()
    acceptFrom(server, true, () => expect.unreachable())
    const failed = once(server, 'error')
    const { _handle: handle } = server as unknown as { _handle: { onconnection(errno: number): void } }
    handle.onconnection(-24)
    expect((await failed)[0]).toMatchObject({ code: 'EMFILE', syscall: 'accept' })
  })

  test('lets another owner have the connections after it is undone', async () => {
    const { server, port } = await listen()
    const release = acceptFrom(server, true, () => expect.unreachable())
    release()
    server.removeAllListeners('connection')
    const connected = once(server, 'connection')
    const asked = ask(port)
    const [socket] = await connected
    expect(socket).toBeInstanceOf(Socket)
    socket.destroy()
    await asked
  })

  test('accepts from a Unix listener', async () => {
    const path = join(tempDir(), 's')
    const accepted: (Transport | Socket)[] = []
    const listener = await UnixListener.open(path, undefined, (server) => {
      acceptFrom(server, true, (one) => {
        accepted.push(one)
        echo(one)
      })
    })
    opened.push(listener)
    expect(await ask(path, 'hello')).toBe('hello')
    expect(accepted[0]).toBeInstanceOf(HandleTransport)
  })

  test('leaves no handle behind after thousands of connections', async () => {
    const { server, port } = await listen()
    let open = 0
    acceptFrom(server, true, (one) => {
      open += 1
      ;(one as Transport).keeper = {
        transportClosed: () => {
          open -= 1
        },
      }
      echo(one)
    })
    const before = handles()
    for (let round = 0; round < 40; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(port)))
      expect(new Set(answers)).toEqual(new Set(['x']))
    }
    await until('all are closed', () => open === 0 && handles() <= before)
  })
})

const handles = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
