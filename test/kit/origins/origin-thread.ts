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
 * An upstream in a thread of its own, which answers while the thread of the test, main's own, is busy or stalled: `hello`,
 * or for `/endless` a body without end.
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
