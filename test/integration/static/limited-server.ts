import { closeSync, openSync } from 'node:fs'
import { serve, staticSettings } from './site.ts'

// Serves argv[2] in a separate process and prints its port. A request for /starved.txt first uses up every
// descriptor.
const served = await serve(staticSettings({ rootDir: process.argv[2] ?? '' }))
served.server.prependListener('request', (req, res) => {
  if (req.url !== '/starved.txt') return
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    res.once('finish', () =>
      taken.forEach((fd) => {
        closeSync(fd)
      }),
    )
  }
})
process.stdout.write(`${served.port}\n`)
