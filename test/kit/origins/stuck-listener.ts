/** A listener that never accepts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tied } from '../processes/tied.ts'

const program = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)))
`

/** Opens a port whose accept queue stays full: connections to it are neither accepted nor refused. */
export async function startStuckListener(): Promise<{ readonly port: number } & AsyncDisposable> {
  const child: ChildProcess = tied(
    spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const port = Number(text.toString())
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  // Fill the queue until a connection hangs; its length depends on the kernel.
  for (let isFull = false; !isFull; ) {
    const filler = connect({ port, host: '127.0.0.1' })
    filler.on('error', () => {})
    fillers.push(filler)
    isFull = await Promise.race([
      once(filler, 'connect').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 150)),
    ])
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
