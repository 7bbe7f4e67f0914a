import { closeSync, openSync } from 'node:fs'
import { serve, staticSettings } from './site.ts'

// Serves argv[2] in a separate process and prints its port. A request for /starved.txt first uses up every
// descriptor.
const served = await serve(staticSettings({ rootDir: process.argv[2] ?? '' }), {}, (req, res, handle) => {
  if (req.target !== '/starved.txt') {
    handle()
    return
  }
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    const responseClosed = () => {
      for (const fd of taken) closeSync(fd)
    }
    res.owner = { responseClosed }
    handle()
  }
})
process.stdout.write(`${served.port}\n`)
