/** Finds free TCP ports. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Ports that were free a moment ago, all different, for programs that cannot report the port chosen by the
 * kernel. Another process may take one first.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
