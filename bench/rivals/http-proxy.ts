/** A reverse proxy with http-proxy. */
import { Agent, createServer } from 'node:http'
// @ts-expect-error It has no types of its own.
import httpProxy from 'http-proxy'

const [port, originPort] = process.argv.slice(2).map(Number)
const proxy = httpProxy.createProxyServer({
  target: { host: '127.0.0.1', port: originPort },
  agent: new Agent({ keepAlive: true, maxFreeSockets: 128 }),
  xfwd: true,
})
proxy.on('error', (_error: Error, _req: unknown, res: { destroy(): void }) => res.destroy())
createServer((req, res) => proxy.web(req, res)).listen(port, '127.0.0.1')
