/** Clients that send or read slowly, in another process. */
import { spawn } from 'node:child_process'
import { tied } from '../processes/tied.ts'

export type Attack = 'head' | 'body' | 'read'

export interface AttackResult {
  /** Attackers that connected, and those whose connection has ended. */
  readonly connected: number
  readonly ended: number
  /** Number of answers by status; '' for a connection that ended without an answer. */
  readonly answers: Readonly<Record<string, number>>
  /** Shortest and longest time from connect to end. */
  readonly minMs: number
  readonly maxMs: number
  /** Time that the attackers have waited for a CPU. */
  readonly waitedMs: number
}

const source = `
const [port, count, attack] = process.argv.slice(1)
const { connect } = require('node:net')
const firsts = {
  head: 'GET / HTTP/1.1\\r\\nHost: a\\r\\n',
  body: 'POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1000000\\r\\n\\r\\n',
  read: 'GET /big.bin HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n',
}
const result = { connected: 0, ended: 0, answers: {}, minMs: Infinity, maxMs: 0 }
const open = new Set()
const report = () => {
  result.waitedMs = Number(require('node:fs').readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6
  console.log(JSON.stringify(result))
  process.exit()
}
const start = (left) => {
  if (left === 0) return
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  let answer = ''
  socket.on('error', () => {})
  socket.on('connect', () => {
    const since = performance.now()
    result.connected += 1
    open.add(socket)
    socket.write(firsts[attack])
    socket.on('close', () => {
      open.delete(socket)
      const ms = performance.now() - since
      const status = /^HTTP\\/1.1 (\\d+)/.exec(answer)?.[1] ?? ''
      result.answers[status] = (result.answers[status] ?? 0) + 1
      result.minMs = Math.min(result.minMs, ms)
      result.maxMs = Math.max(result.maxMs, ms)
      result.ended += 1
      if (result.ended === Number(count)) report()
    })
    start(left - 1)
  })
  if (attack !== 'read') socket.on('data', (piece) => { answer += piece })
  else socket.on('readable', () => {})
}
if (attack !== 'read') for (let n = 0; n < 50; n++) start(count / 50)
else {
  let left = Number(count)
  const ramp = setInterval(() => {
    for (let n = 0; n < 25; n++) start(1)
    left -= 25
    if (left === 0) clearInterval(ramp)
  }, 250)
}
setInterval(() => {
  for (const socket of open) {
    if (attack === 'head') socket.write('X: y\\r\\n')
    else if (attack === 'body') socket.write('x')
    else if (socket.read(1) === null && socket.readableEnded) socket.destroy()
  }
}, 200)
setTimeout(report, 60_000)
process.on('SIGTERM', report)
`

/**
 * Starts attackers in another process, `count` in fifties: they send a head or a body byte by byte, or read
 * `/big.bin` slowly. Readers arrive at a hundred per second, because the kernel buffers some MiB for each
 * before its slowness shows. Resolves when all were cut off, after a minute, or on `stop`: an attacker that
 * does not read cannot notice that it was cut off.
 */
export function attack(
  port: number,
  count: number,
  how: Attack,
  stop?: Promise<unknown>,
): Promise<AttackResult> {
  const child = tied(spawn(process.execPath, ['-e', source, String(port), String(count), how]))
  const end = () => child.kill()
  // The owner of `stop` handles its failure.
  stop?.then(end, end)
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (piece) => {
      said += piece
    })
    child.stderr.pipe(process.stderr)
    child.on('error', reject)
    child.on('close', () => {
      try {
        resolve(JSON.parse(said) as AttackResult)
      } catch (cause) {
        reject(new Error(`the attackers reported nothing: ${said}`, { cause }))
      }
    })
  })
}
