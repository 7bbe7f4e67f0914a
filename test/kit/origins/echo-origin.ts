/** An HTTP origin in its own thread that answers with method, target and body length of each request. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const source = `
const { parentPort } = require('node:worker_threads')
const server = require('node:http').createServer({ keepAliveTimeout: 60000 }, (req, res) => {
  let length = 0
  req.on('data', (piece) => { length += piece.length })
  req.on('end', () => res.end(req.method + ' ' + req.url + ' ' + length))
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

/** Starts the origin. It answers `GET /path 0` to a GET without a body. */
export async function startEchoOrigin(): Promise<{ readonly authority: string } & AsyncDisposable> {
  const thread = new Worker(source, { eval: true })
  const [port] = (await once(thread, 'message')) as [number]
  return {
    authority: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}
