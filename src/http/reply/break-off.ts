/** Ends a connection whose response is incomplete. */
import type { Socket } from 'node:net'

/**
 * Ends a connection so that its client sees an incomplete response: by a reset over TCP, over TLS by closing
 * without close_notify (RFC 9112 9.8). A Unix socket cannot signal this.
 */
export function breakOff(socket: Socket): void {
  if ('encrypted' in socket || socket.remoteFamily === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
