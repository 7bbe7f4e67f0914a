/**
 * `reaper-parent.ts`: a process that starts children in every supported way, prints their pids and waits to
 * be killed.
 */
import { fork, spawn } from 'node:child_process'
import { reap } from './reaper.ts'

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => {})
setInterval(() => {}, 1_000)

function startChildren(): void {
  const command = [import.meta.filename, 'child']
  const alone = reap(spawn(process.execPath, command, { stdio: 'ignore' }))
  const withChild = reap(
    spawn('sh', ['-c', '"$0" "$@" & wait', process.execPath, ...command], { stdio: 'ignore' }),
  )
  const withChannel = reap(fork(import.meta.filename, ['child']))
  const gone = reap(spawn('true', { stdio: 'ignore' }))
  gone.once('exit', () =>
    process.stdout.write(`${[alone, withChild, withChannel].map(({ pid }) => pid).join(' ')}\n`),
  )
}

if (process.argv[2] !== 'child') startChildren()
