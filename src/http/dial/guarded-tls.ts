/** TLS connections of undici that pass a destination gate. */
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { BifrostError } from '../../errors.ts'
import { dial } from './dial.ts'
import type { Gate } from './gate.ts'

/**
 * An undici connector whose TCP connections are opened by `dial` through a gate. `connectMs` bounds both
 * handshakes together.
 */
export function guardedConnector(
  gate: Gate,
  connectMs: number,
  startTls: buildConnector.connector,
): buildConnector.connector {
  return (options, done) => {
    const { hostname: host, port: given } = options
    const port = Number(given) || 443
    const endsAt = performance.now() + connectMs
    // The pool destroys this socket if it gives up before the handshakes complete.
    return dial({ host, port, timeoutMs: connectMs, gate }, (error, httpSocket) => {
      if (error !== null) {
        done(error, null)
        return
      }
      const late = new BifrostError(
        'UPSTREAM_CONNECT_TIMEOUT',
        `no TLS handshake with ${host}:${port} within ${connectMs} ms`,
      )
      // The connector returns the socket it creates, although its type does not say so.
      let socket: Socket | undefined
      const timer = setTimeout(() => socket?.destroy(late), Math.max(0, endsAt - performance.now()))
      socket = startTls({ ...options, httpSocket }, (...result) => {
        clearTimeout(timer)
        done(...result)
      }) as unknown as Socket
    })
  }
}
