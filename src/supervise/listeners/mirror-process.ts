/** Entry of the mirror's child process. */

import { startAsChild } from '../channel/child-start.ts'

/** Entry of the child that sends every socket back to where it came from; see mirror.ts. */
startAsChild()
process.on('message', (message, handle) => {
  process.send?.(message, handle as never)
})
