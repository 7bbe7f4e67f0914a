/** Accepts connections from a listening server, as bare handles where possible. */
import type { Server, Socket } from 'node:net'
import { HandleTransport } from '../transport/handle-transport.ts'
import { takeConnections } from '../transport/handles.ts'
import { systemError } from '../transport/system-error.ts'
import type { Transport } from '../transport/transport.ts'

/**
 * Gives every connection of a listening server to `accept`. A plain HTTP listener, for which `isPlain` is true,
 * gives transports without a Node socket, which cost a third of the time. TLS, the PROXY header and HTTP/2 need
 * Node's socket. Connections that another thread or process has accepted arrive as 'connection' events, so also
 * as sockets. A failed accept is an 'error' event of the server.
 *
 * Returns a function that lets Node make its own sockets again, so that the server can have another owner.
 */
export function acceptFrom(
  server: Server,
  isPlain: boolean,
  accept: (accepted: Transport | Socket) => void,
): () => void {
  // A server from another thread or process lost the options it was created with.
  Object.assign(server, { allowHalfOpen: true, pauseOnConnect: false, noDelay: true })
  server.on('connection', accept)
  if (!isPlain) return () => {}
  return takeConnections(
    server,
    (handle) => accept(new HandleTransport(handle)),
    (errno) => server.emit('error', systemError(errno, 'accept')),
  )
}
