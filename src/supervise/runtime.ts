/** Checks of the Node runtime that must pass before the start. */

import { once } from 'node:events'
import { createServer, Server } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { BifrostError } from '../errors.ts'

/** They set the heap limit of every thread, whatever `resourceLimits` says (Node 26.10). */
const heapOptions = ['--max-old-space-size', '--max-old-space-size-percentage', '--max-heap-size']

/** The option among those of this process that overrides the memory limits of threads, as it was given. */
export function heapOptionOf(execArgv: readonly string[], nodeOptions = ''): string | undefined {
  const given = [...execArgv, ...nodeOptions.split(/\s+/)]
  // V8 takes underscores for dashes.
  return given.find((option) => heapOptions.includes(option.split('=', 1)[0]?.replaceAll('_', '-') ?? ''))
}

/**
 * Makes the memory limits of threads hold, and lets every thread be ended. Throws RUNTIME_OPTION when an option of this
 * process defeats them.
 */
export function requireThreadLimits(): void {
  const option = heapOptionOf(process.execArgv, process.env['NODE_OPTIONS'])
  if (option !== undefined) {
    throw new BifrostError(
      'RUNTIME_OPTION',
      `Node runs with ${option}, which overrides max_memory_mb of every worker with "isolation": "thread"; start without it (see also NODE_OPTIONS)`,
    )
  }
  // The optimiser takes the interrupt check out of a loop such as `for (;;) list.push(new Array(1000))`: it then passes V8's
  // heap limit, answers no getHeapStatistics() and survives terminate(). Seen on 26.10; without this pass it does not.
  setFlagsFromString('--no-turboshaft-loop-unrolling')
}

/**
 * Checks that this Node can move a listening server to another thread, on which every worker depends. The ability is
 * tried instead of reading the version: 25.x and 26.0 to 26.5 are newer than 24.21 and lack it.
 * Throws RUNTIME_TOO_OLD with one line that says what is missing and which version has it.
 */
export async function requireSocketTransfer(): Promise<void> {
  const server = createServer()
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port1, port2 } = new MessageChannel()
  try {
    port1.postMessage(server, [server as never])
    const received = receiveMessageOnPort(port2)?.message
    if (!(received instanceof Server)) throw new TypeError('no server arrived')
    received.close()
  } catch (cause) {
    server.close()
    throw new BifrostError(
      'RUNTIME_TOO_OLD',
      `Node ${process.versions.node} cannot move sockets between threads; Node 24.21, or 26.6 and later, on Unix can`,
      { cause },
    )
  } finally {
    port1.close()
    port2.close()
  }
}
