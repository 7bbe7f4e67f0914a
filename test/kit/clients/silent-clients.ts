/** Opens many connections that send nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tied } from '../processes/tied.ts'

const source = `
const [port, count] = process.argv.slice(1).map(Number)
const { connect } = require('node:net')
let open = 0
const more = (left) => {
  if (left === 0) return
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => { open += 1; if (open === count) console.log('all'); more(left - 1) })
  socket.on('error', (error) => console.log(error.code))
}
const chains = 50
for (let n = 0; n < chains; n++) more(count / chains)
setTimeout(() => process.exit(), 60000)
`

/** Opens silent connections from another process with its own descriptors; `count` in fifties. */
export async function openSilentClients(port: number, count: number): Promise<AsyncDisposable> {
  const child = tied(spawn(process.execPath, ['-e', source, String(port), String(count)]))
  const ended = once(child, 'exit')
  const [said] = await once(child.stdout, 'data')
  if (String(said).trim() !== 'all') throw new Error(`the silent clients could not connect: ${said}`)
  return {
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}
