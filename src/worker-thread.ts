import { connectThread } from './supervise/thread.ts'
import { runEntry } from './worker-entry.ts'

/** Entry of an instance in a thread. */
await runEntry(connectThread())
