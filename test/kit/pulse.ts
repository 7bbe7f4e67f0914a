import { Worker } from 'node:worker_threads'

/**
 * Requests from a thread of its own, one after the other, each over a new connection: it goes on while the thread of the
 * test is busy. `stop` tells how many were answered with 200 and how many were not.
 */
export interface Pulse {
  stop(): Promise<{ readonly served: number; readonly failed: number; readonly maxMs: number }>
}

const source = `
const { parentPort, workerData } = require('node:worker_threads')
const { connect } = require('node:net')
const { port, target } = workerData
const result = { served: 0, failed: 0, maxMs: 0 }
let isOver = false
parentPort.once('message', () => { isOver = true })
function ask() {
  if (isOver) { parentPort.postMessage(result); return }
  const startedAt = performance.now()
  let answer = ''
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(5000, () => socket.destroy())
  socket.on('connect', () => socket.write('GET ' + target + ' HTTP/1.1\\r\\nHost: pulse.test\\r\\nConnection: close\\r\\n\\r\\n'))
  socket.on('data', (piece) => { answer += piece.toString('latin1') })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (answer.startsWith('HTTP/1.1 200')) result.served += 1
    else result.failed += 1
    result.maxMs = Math.max(result.maxMs, performance.now() - startedAt)
    setTimeout(ask, 2)
  })
}
ask()
`

export function startPulse(port: number, target = '/'): Pulse {
  const thread = new Worker(source, { eval: true, workerData: { port, target } })
  return {
    async stop() {
      const result = new Promise<Awaited<ReturnType<Pulse['stop']>>>((resolve) =>
        thread.once('message', resolve),
      )
      thread.postMessage('stop')
      const seen = await result
      await thread.terminate()
      return seen
    },
  }
}
