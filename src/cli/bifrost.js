#!/usr/bin/env node
/** Entry of the `bifrost` command: checks the version of Node and loads the rest. Plain JavaScript for old versions. */

// Before anything else loads: by default SIGUSR1 opens Node's debugger, and the other two end the process.
for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) process.on(signal, () => {})

const needed = [24, 21]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `bifrost: Node ${process.versions.node} cannot move sockets between threads; use Node ${needed.join('.')}, or 26.6 and later\n`,
  )
  process.exitCode = 1
} else {
  // Threads share libuv's pool of 4: slow DNS look-ups of one worker must not delay file reads of another.
  process.env.UV_THREADPOOL_SIZE ??= '16'
  const { existsSync } = await import('node:fs')
  const { fileURLToPath } = await import('node:url')
  // A checkout runs the source. Node does not strip types below node_modules, so the package ships dist.
  const source = new URL('./main.ts', import.meta.url)
  const isCheckout = existsSync(source) && !source.pathname.includes('/node_modules/')
  if (isCheckout) {
    const { enableCompileCache } = await import('node:module')
    // Not the default folder: code in a world-writable temporary directory must not be run.
    const cache = fileURLToPath(new URL('../../node_modules/.cache/bifrost', import.meta.url))
    enableCompileCache?.(cache)
    // Worker threads only read the variable; it halves the start time of an instance.
    process.env.NODE_COMPILE_CACHE ??= cache
  }
  const main = isCheckout ? source : new URL('../../dist/src/cli/main.js', import.meta.url)
  const { run } = await import(main.href)
  // Everything is closed and written; an abandoned retry of the telemetry SDK would keep the process alive.
  process.exit(await run(process.argv.slice(2)))
}
