/** Entry point of an instance in a thread. */
import { connectThread } from '../supervise/channel/thread.ts'
import { runEntry } from './entry.ts'

const thread = connectThread()
// Keeps the lifeline from being collected: main takes its end for the end of the thread.
process.on('exit', () => void thread.lifeline)
await runEntry(thread)
