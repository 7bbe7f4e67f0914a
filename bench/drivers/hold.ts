/**
 * hold.ts PROXY_PORT PATH CONNECTIONS: opens the connections one after the other, sends one request on each,
 * prints "held" and keeps them open without traffic until it is ended.
 */
import { KeepAliveClient } from './keep-alive-client.ts'

const [port, path = '/', connections] = process.argv.slice(2)
const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`

for (let n = 0; n < Number(connections); n += 1) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const client = new KeepAliveClient(Number(port), {
    answered: (_, status) => (status === 200 ? resolve() : reject(new Error(`answered with ${status}`))),
    closed: () => reject(new Error(`closed with ${n} connections open`)),
  })
  client.send(request, 0)
  await promise
}
process.stdout.write('held\n')
