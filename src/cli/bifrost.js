#!/usr/bin/env node
// Before anything is loaded: by default SIGUSR1 opens Node's debugger, and the other two end the process.
for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) process.on(signal, () => {})

// Plain JavaScript that an old Node can read too, so that it can say what is missing.
const needed = [24, 21]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `bifrost: Node ${process.versions.node} cannot move sockets between threads; Node ${needed.join('.')}, or 26.6 and later, can\n`,
  )
  process.exitCode = 1
} else {
  // Threads share libuv's pool of 4: slow name look-ups of one worker must not hold up the file reads of another.
  process.env.UV_THREADPOOL_SIZE ??= '16'
  const { existsSync } = await import('node:fs')
  const { fileURLToPath } = await import('node:url')
  // In a checkout the source runs as it is; Node strips no types below node_modules, so the package brings dist.
  const source = new URL('./main.ts', import.meta.url)
  const isCheckout = existsSync(source) && !source.pathname.includes('/node_modules/')
  if (isCheckout) {
    const { enableCompileCache } = await import('node:module')
    // Not the default folder: what lies in a temporary directory that all may write to must not be run.
    const cache = fileURLToPath(new URL('../../node_modules/.cache/bifrost', import.meta.url))
    enableCompileCache?.(cache)
    // Worker threads read the variable only; with it an instance starts in half the time.
    process.env.NODE_COMPILE_CACHE ??= cache
  }
  const main = isCheckout ? source : new URL('../../dist/src/cli/main.js', import.meta.url)
  const { run } = await import(main.href)
  // Everything has been ended and written; a retry of the telemetry SDK that was given up would keep the process.
  process.exit(await run(process.argv.slice(2)))
}
