import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type ChurnResult, churn } from './reconnecting-clients.ts'

/**
 * Runs `churn` in another thread. Clients in the main thread connect only while main is idle, so they would
 * never notice how long an address has no listener.
 */
export async function churnApart(
  port: number,
  clients: number,
  meanwhile: () => Promise<unknown>,
): Promise<ChurnResult> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { port, clients } })
  try {
    await once(thread, 'message')
    await meanwhile()
    const result = once(thread, 'message')
    thread.postMessage('over')
    return (await result)[0] as ChurnResult
  } finally {
    await thread.terminate()
  }
}

if (!isMainThread && parentPort !== null && typeof workerData?.clients === 'number') {
  const main = parentPort
  const { port, clients } = workerData as { readonly port: number; readonly clients: number }
  const result = churn(port, clients, () => {
    main.postMessage('started')
    return once(main, 'message')
  })
  void result.then((seen) => main.postMessage(seen))
}
