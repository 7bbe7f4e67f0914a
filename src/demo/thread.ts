import { parentPort, workerData } from 'node:worker_threads'
import type { ListenAddress } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import { startDemoUpstream } from './upstream.ts'

/** What this thread tells its parent, once. It is ended by `terminate()`: there is nothing worth draining in it. */
export type DemoMessage =
  | { readonly type: 'demo.ready'; readonly port: number }
  | { readonly type: 'demo.failed'; readonly code: string; readonly message: string }

function tell(message: DemoMessage): void {
  parentPort?.postMessage(message)
}

try {
  const { port } = await startDemoUpstream(workerData as ListenAddress)
  tell({ type: 'demo.ready', port })
} catch (error) {
  // The system's own words say why; the parent knows what was tried.
  const cause: unknown = error instanceof BifrostError ? error.cause : error
  const { code = '', message } = (
    cause instanceof Error ? cause : new Error(String(cause))
  ) as NodeJS.ErrnoException
  tell({ type: 'demo.failed', code, message })
}
