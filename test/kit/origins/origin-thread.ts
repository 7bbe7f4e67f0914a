/** An HTTP origin in its own thread. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const source = `
const { parentPort } = require('node:worker_threads')
const piece = Buffer.alloc(65536)
const server = require('node:http').createServer({ keepAliveTimeout: 60000 }, (req, res) => {
  if (req.url !== '/endless') { res.end('hello'); return }
  const pump = () => { while (res.write(piece)); res.once('drain', pump) }
  res.on('close', () => res.off('drain', pump))
  pump()
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

/**
 * Starts an upstream in its own thread, so that it answers while the main thread of the test is busy or
 * stalled. It answers `hello`, and `/endless` with an endless body.
 */
export async function startOriginThread(): Promise<
  { readonly port: number; readonly authority: string } & AsyncDisposable
> {
  const thread = new Worker(source, { eval: true })
  const [port] = (await once(thread, 'message')) as [number]
  return {
    port,
    authority: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}
