/** Ends processes that outlive the process that started them, even if that process was killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'

/**
 * Reads `+ PID` and `- PID` until its input ends; the kernel closes it when the parent dies. Then it kills
 * the remaining processes, children first.
 */
const program = `
all=
while read -r sign pid; do
  rest=
  for one in $all; do [ "$one" = "$pid" ] || rest="$rest $one"; done
  all=$rest
  [ "$sign" = + ] && all="$all $pid"
done
end() {
  for child in $(cat "/proc/$1/task/$1/children" 2>&-); do end "$child"; done
  kill -9 "$1" 2>&-
}
for one in $all; do end "$one"; done
`

let input: Writable | null = null

/** Starts a shell in its own session, so that killing the process group of the test does not kill it. */
function startReaper(): Writable {
  const reaper = spawn('sh', ['-c', program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  reaper.unref()
  reaper.stdin.on('error', () => {})
  ;(reaper.stdin as Writable & { unref(): void }).unref()
  return reaper.stdin
}

/** Makes sure that `child` ends with this process at the latest. */
export function reap<Child extends ChildProcess>(child: Child): Child {
  const { pid } = child
  if (pid === undefined) return child
  input ??= startReaper()
  input.write(`+ ${pid}\n`)
  child.once('exit', () => input?.write(`- ${pid}\n`))
  return child
}
