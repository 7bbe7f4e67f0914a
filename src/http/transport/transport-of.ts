/** Chooses the transport for a socket, and gives a transport's socket away. */
import { Socket } from 'node:net'
import { type Detached, HandleTransport } from './handle-transport.ts'
import { fdOfSocket, handleOf } from './handles.ts'
import { SocketTransport } from './socket-transport.ts'
import type { Transport } from './transport.ts'

/**
 * Takes over a connected socket. Bytes waiting in the socket, after `unread`, reach the owner first, after
 * `resume`. With 'public' only public API is used, and the socket can be read by others until `resume`.
 */
export function transportOf(
  socket: Socket,
  unread: Buffer | null = null,
  kind: 'fastest' | 'public' = 'fastest',
): Transport {
  const handle = kind === 'public' ? null : handleOf(socket)
  if (handle === null) return new SocketTransport(socket, unread)
  socket.allowHalfOpen = true
  socket.pause()
  const pieces = unread === null ? [] : [unread]
  const waiting = socket.read() as Buffer | null
  if (waiting !== null) pieces.push(waiting)
  handle.readStop()
  return new HandleTransport(handle, socket, pieces)
}

/**
 * Gives the connection of a transport away, as a paused socket that can be sent to another process or given to
 * `transportOf`; it must not be read in another way. `unused` comes before what the transport has not delivered.
 * The transport emits nothing more. Returns null while bytes are pending, after `end` or `close`, for TLS and on
 * public API.
 */
export function detach(transport: Transport, unused?: Buffer): Detached | null {
  const detached = transport instanceof HandleTransport ? transport.detach() : null
  if (detached === null || unused === undefined) return detached
  const { socket, unread } = detached
  return { socket, unread: unread === null ? unused : Buffer.concat([unused, unread]) }
}

/** Closes an accepted connection that was not read yet. */
export function closeAccepted(accepted: Transport | Socket): void {
  if (accepted instanceof Socket) accepted.destroy()
  else accepted.close()
}

/** The descriptor of an accepted connection; -1 if unknown. */
export function fdOf(accepted: Transport | Socket): number {
  return accepted instanceof HandleTransport ? accepted.fd : fdOfSocket(accepted)
}
