#!/usr/bin/env node
// Plain JavaScript that an old Node can read too, so that it can say what is missing.
const needed = [24, 21]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `bifrost needs Node ${needed.join('.')} or later (this is ${process.versions.node}): it moves sockets between threads\n`,
  )
  process.exitCode = 1
} else {
  const { enableCompileCache } = await import('node:module')
  const { existsSync } = await import('node:fs')
  enableCompileCache?.()
  // In a checkout the source runs as it is; Node strips no types below node_modules, so the package brings dist.
  const source = new URL('./main.ts', import.meta.url)
  const isCheckout = existsSync(source) && !source.pathname.includes('/node_modules/')
  const main = isCheckout ? source : new URL('../../dist/src/cli/main.js', import.meta.url)
  const { run } = await import(main.href)
  process.exitCode = await run(process.argv.slice(2))
}
