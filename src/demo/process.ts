import { BifrostError } from '../errors.ts'
import { startAsChild } from '../supervise/channel/child-start.ts'

/**
 * Entry of the demo upstream's process: `process.ts HOST PORT`. A process of its own, so that what it uses is not taken
 * for what the daemon uses. It tells its parent once how its start went, and ends with its parent's channel; signals
 * are the parent's business, which drains first.
 */
export type DemoMessage =
  | { readonly type: 'demo.ready'; readonly port: number }
  | { readonly type: 'demo.failed'; readonly code: string; readonly message: string }

function tell(message: DemoMessage): void {
  process.send?.(message)
}

startAsChild()
// On demand: until the signals are ignored each of them ends the process.
const { startDemoUpstream } = await import('./upstream.ts')

const [host = '127.0.0.1', port = '0'] = process.argv.slice(2)
try {
  tell({ type: 'demo.ready', ...(await startDemoUpstream({ host, port: Number(port) })) })
} catch (error) {
  // The system's own words say why; the parent knows what was tried.
  const cause: unknown = error instanceof BifrostError ? error.cause : error
  const { code = '', message } = (
    cause instanceof Error ? cause : new Error(String(cause))
  ) as NodeJS.ErrnoException
  tell({ type: 'demo.failed', code, message })
}
