/** A reverse proxy with httpxy. */
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'httpxy'

const [port, originPort] = process.argv.slice(2).map(Number)
const proxy = createProxyServer({
  target: `http://127.0.0.1:${originPort}`,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 128 }),
  xfwd: true,
})
createServer((req, res) => {
  proxy.web(req, res).catch(() => res.destroy())
}).listen(port, '127.0.0.1')
