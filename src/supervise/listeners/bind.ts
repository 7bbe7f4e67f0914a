/** Binds TCP addresses. */

import { createServer, type Server } from 'node:net'
import type { ListenAddress } from '../../config/settings/settings.ts'
import { bindFailure } from './bind-error.ts'
import type { SocketHandle } from './mirror.ts'

/**
 * Listening sockets of a worker share their port (`reusePort`), and would silently share it with a second
 * daemon. A plain bind first finds whether the port is in use.
 */
export async function probe(at: ListenAddress): Promise<void> {
  if (at.port === 0) return
  const server = createServer()
  await listen(server, at, false)
  await new Promise((resolve) => server.close(resolve))
}

const backlog = 1024

export function listen(server: Server, at: ListenAddress, isShared: boolean): Promise<void> {
  return listening(server, at, (done) =>
    server.listen({ host: at.host, port: at.port, reusePort: isShared, backlog }, done),
  )
}

/** Accepts on a socket that listens already. */
export function listenOn(server: Server, at: ListenAddress, handle: SocketHandle): Promise<void> {
  return listening(server, at, (done) => server.listen(handle, backlog, done))
}

function listening(server: Server, at: ListenAddress, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindFailure(at, cause)))
    start(() => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}
