/** Reconnecting clients in their own thread. */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { keepReconnecting, type ReconnectResult } from './reconnecting-clients.ts'

/**
 * Runs `keepReconnecting` in another thread. Clients in the main thread connect only while main is idle, so
 * they would never notice how long an address has no listener.
 */
export async function keepReconnectingInThread(
  port: number,
  clients: number,
  meanwhile: () => Promise<unknown>,
): Promise<ReconnectResult> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { port, clients } })
  try {
    await once(thread, 'message')
    await meanwhile()
    const result = once(thread, 'message')
    thread.postMessage('over')
    return (await result)[0] as ReconnectResult
  } finally {
    await thread.terminate()
  }
}

if (!isMainThread && parentPort !== null && typeof workerData?.clients === 'number') {
  const main = parentPort
  const { port, clients } = workerData as { readonly port: number; readonly clients: number }
  const result = keepReconnecting(port, clients, () => {
    main.postMessage('started')
    return once(main, 'message')
  })
  void result.then((seen) => main.postMessage(seen))
}
