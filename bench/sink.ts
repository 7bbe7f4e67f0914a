/** A Collector that accepts and discards every export. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink {
  readonly port: number
  /** Bytes of all exports. */
  readonly taken: { bytes: number }
  close(): void
}

export async function startSink(): Promise<Sink> {
  const taken = { bytes: 0 }
  const server = createServer((req, res) => {
    req.on('data', (chunk: Buffer) => {
      taken.bytes += chunk.length
    })
    req.on('end', () => res.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { port: (server.address() as AddressInfo).port, taken, close }
}
