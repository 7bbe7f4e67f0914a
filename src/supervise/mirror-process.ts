import { closeInheritedSockets } from './inherited.ts'

/** Entry of the child that sends every socket back to where it came from; see mirror.ts. */
closeInheritedSockets((process.channel as { readonly fd?: number } | undefined)?.fd ?? -1)

const ignore = (): void => {}
process.on('SIGINT', ignore).on('SIGTERM', ignore)
process.on('disconnect', () => process.exit(0))
process.on('message', (message, handle) => {
  process.send?.(message, handle as never)
})
