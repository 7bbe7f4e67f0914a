import { once } from 'node:events'
import { createServer, Server } from 'node:net'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { BifrostError } from '../errors.ts'

/**
 * Checks that this Node can move a listening server to another thread, on which every worker depends. The ability is
 * tried instead of reading the version: 25.x and 26.0 to 26.5 are newer than 24.21 and lack it.
 * Throws RUNTIME_TOO_OLD with one line that says what is missing and which version has it.
 */
export async function requireSocketTransfer(): Promise<void> {
  const server = createServer()
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port1, port2 } = new MessageChannel()
  try {
    port1.postMessage(server, [server as never])
    const received = receiveMessageOnPort(port2)?.message
    if (!(received instanceof Server)) throw new TypeError('no server arrived')
    received.close()
  } catch (cause) {
    server.close()
    throw new BifrostError(
      'RUNTIME_TOO_OLD',
      `Node ${process.versions.node} cannot move sockets between threads; Node 24.21, or 26.6 and later, on Unix can`,
      { cause },
    )
  } finally {
    port1.close()
    port2.close()
  }
}
