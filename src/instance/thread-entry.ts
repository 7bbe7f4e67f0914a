/** Entry point of an instance in a thread. */
import { runEntry } from './entry.ts'
import { connectThread } from './thread-port.ts'

const thread = connectThread()
// Keeps the lifeline from being garbage-collected: when it closes, main takes the thread for ended.
process.on('exit', () => void thread.lifeline)
await runEntry(thread)
