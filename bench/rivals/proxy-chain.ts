/** A forward proxy with proxy-chain. */
import { Agent } from 'node:http'
import { Server } from 'proxy-chain'

const [port = 0] = process.argv.slice(2).map(Number)
const httpAgent = new Agent({ keepAlive: true, maxFreeSockets: 128 })
const server = new Server({
  port,
  host: '127.0.0.1',
  verbose: false,
  prepareRequestFunction: () => ({ httpAgent }),
})
await server.listen()
