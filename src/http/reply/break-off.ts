import type { Socket } from 'node:net'

/**
 * Ends a connection so that its client sees that something is missing: by a reset over TCP; over TLS by an end without
 * close_notify (RFC 9112 9.8). A Unix socket can say no such thing.
 */
export function breakOff(socket: Socket): void {
  if ('encrypted' in socket || socket.remoteFamily === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
