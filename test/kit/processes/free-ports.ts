import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Ports that were free a moment ago, all different: for programs that cannot say which one the kernel chose. Another process may take one
 * before they do.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
