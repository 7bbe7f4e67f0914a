import { connectProcess } from './supervise/process-port.ts'
import { runEntry } from './worker-entry.ts'

/** Entry of an instance in a process of its own. */
await runEntry(await connectProcess())
