/**
 * Process entry of the demo upstream: `process.ts HOST PORT`. It has its own process so that its CPU and memory are not
 * counted as the daemon's. It ends with the channel of its parent and ignores signals; the parent drains first.
 */
import { BifrostError } from '../errors.ts'
import { startAsChild } from '../supervise/channel/child-start.ts'

/** Messages to the parent: exactly one, after the start. */
export type DemoMessage =
  | { readonly type: 'demo.ready'; readonly port: number }
  | { readonly type: 'demo.failed'; readonly code: string; readonly message: string }

function tell(message: DemoMessage): void {
  process.send?.(message)
}

startAsChild()
// On demand: the signals must be ignored before anything else loads.
const { startDemoUpstream } = await import('./upstream.ts')

const [host = '127.0.0.1', port = '0'] = process.argv.slice(2)
try {
  tell({ type: 'demo.ready', ...(await startDemoUpstream({ host, port: Number(port) })) })
} catch (error) {
  // Send the system error; the parent knows the address.
  const cause: unknown = error instanceof BifrostError ? error.cause : error
  const { code = '', message } = (
    cause instanceof Error ? cause : new Error(String(cause))
  ) as NodeJS.ErrnoException
  tell({ type: 'demo.failed', code, message })
}
