/** How every child process of the daemon starts. */

import { closeInheritedSockets } from './inherited.ts'

const ignore = (): void => {}

/**
 * First statement of every child process of the daemon. The process ends with its channel to main. It ignores
 * the signals that a terminal or an operator sends to the whole process group, since main decides on them. A
 * flag blocks SIGUSR1 from the first instruction on (child-options.ts).
 */
export function startAsChild(): void {
  process.on('SIGINT', ignore).on('SIGTERM', ignore).on('SIGHUP', ignore).on('SIGUSR2', ignore)
  process.on('disconnect', () => process.exit(0))
  closeInheritedSockets((process.channel as { readonly fd?: number } | undefined)?.fd ?? -1)
}
