/** Connected pairs of a transport and a plain socket, for every kind of transport. */
import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { HandleTransport } from '../../../src/http/transport/handle-transport.ts'
import { takeConnections } from '../../../src/http/transport/handles.ts'
import type { Transport, TransportOwner } from '../../../src/http/transport/transport.ts'
import { transportOf } from '../../../src/http/transport/transport-of.ts'
import { tempDir } from '../files/temp-dir.ts'
import { selfSigned } from '../tls/self-signed.ts'

export interface Kind {
  readonly way: 'handle' | 'socket' | 'public'
  readonly over: 'TCP' | 'Unix' | 'TLS'
}

/** A handle without a socket, a handle below a socket, and public API alone. */
export const kinds: readonly Kind[] = [
  { way: 'handle', over: 'TCP' },
  { way: 'handle', over: 'Unix' },
  { way: 'socket', over: 'TCP' },
  { way: 'socket', over: 'Unix' },
  { way: 'socket', over: 'TLS' },
  { way: 'public', over: 'TCP' },
  { way: 'public', over: 'Unix' },
  { way: 'public', over: 'TLS' },
]

export interface Pair {
  readonly transport: Transport
  readonly owner: RecordingOwner
  readonly peer: Socket
}

/** Records its events in order, and answers reads with `nextBuffer`. */
export class RecordingOwner implements TransportOwner {
  readonly events: string[] = []
  text = ''
  buffers: Buffer[] = []
  error: Error | null = null
  isClosed = false
  nextBuffer: (() => Buffer | null | undefined) | null = null
  onEvent: (event: string) => void = () => {}

  received(bytes: Buffer, length: number): Buffer | null | undefined {
    this.text += bytes.toString('latin1', 0, length)
    this.buffers.push(bytes)
    this.#note('received')
    return this.nextBuffer?.()
  }

  peerEnded(): void {
    this.#note('peerEnded')
  }

  drained(): void {
    this.#note('drained')
  }

  closed(error: Error | null): void {
    this.error = error
    this.isClosed = true
    this.#note('closed')
  }

  #note(event: string): void {
    if (this.events.at(-1) !== event) this.events.push(event)
    this.onEvent(event)
  }
}

const open = new Set<{ close(): unknown }>()

/** Closes everything that `connectPair` has opened. */
export function closePairs(): void {
  for (const one of open) one.close()
  open.clear()
}

export async function connectPair({ way, over }: Kind, unread: Buffer | null = null): Promise<Pair> {
  const transports = Promise.withResolvers<Transport>()
  const take = (socket: Socket) =>
    transports.resolve(transportOf(socket, unread, way === 'public' ? 'public' : 'fastest'))
  const server: Server =
    over === 'TLS'
      ? createTlsServer(
          { ...selfSigned, allowHalfOpen: true, pauseOnConnect: way !== 'public' } as never,
          take,
        )
      : createServer({ allowHalfOpen: true }, take)
  const path = over === 'Unix' ? join(await tempDir(), 's') : null
  if (path === null) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  if (way === 'handle')
    takeConnections(
      server,
      (handle) => transports.resolve(new HandleTransport(handle)),
      () => {},
    )
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const peer = peerOf(over, path, port)
  await once(peer, over === 'TLS' ? 'secureConnect' : 'connect')
  const transport = await transports.promise
  const owner = new RecordingOwner()
  transport.owner = owner
  peer.on('error', () => {})
  open
    .add(server)
    .add({ close: () => peer.destroy() })
    .add(transport)
  return { transport, owner, peer }
}

function peerOf(over: Kind['over'], path: string | null, port: number): Socket {
  const options = { allowHalfOpen: true }
  if (over === 'TLS')
    return tlsConnect({ ...options, port, host: '127.0.0.1', rejectUnauthorized: false } as never)
  return netConnect(path === null ? { ...options, port, host: '127.0.0.1' } : { ...options, path })
}
