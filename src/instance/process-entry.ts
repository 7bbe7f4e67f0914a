/** Entry point of an instance in a process of its own. */
import { startAsChild } from '../supervise/channel/child-start.ts'

startAsChild()
// Imported on demand: loading the instance takes a while, and until signals are ignored each of them ends the
// process.
const [{ connectProcess }, { runEntry }] = await Promise.all([
  import('./process-port.ts'),
  import('./entry.ts'),
])
await runEntry(await connectProcess())
