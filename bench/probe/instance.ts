/**
 * Preloaded into a daemon (`--import URL?dir=FOLDER`): a Unix socket in each instance thread, on which the
 * benchmark asks for the heap and for CPU profiles. It does nothing between requests.
 */
import { Session } from 'node:inspector/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread, threadId } from 'node:worker_threads'

// Not an environment variable: the daemon passes only its own ones to threads.
const dir = new URL(import.meta.url).searchParams.get('dir')

/** Bytes of the heap after a full collection, and of memory outside of it. */
function heap(): object {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return { heapUsed, external }
}

function listen(folder: string): void {
  const session = new Session()
  const answers: Readonly<Record<string, () => Promise<object> | object>> = {
    heap,
    async start() {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 500 })
      await session.post('Profiler.start')
      return {}
    },
    async stop() {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return profile
    },
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', async (question) => {
      const answer = await answers[question.toString()]?.()
      socket.end(JSON.stringify(answer ?? {}))
    })
  })
  server.listen(join(folder, `${threadId}.sock`)).unref()
}

if (!isMainThread && dir !== null) listen(dir)
