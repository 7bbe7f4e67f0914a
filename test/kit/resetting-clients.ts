import { execFileSync } from 'node:child_process'

/** Connects one client after another; each sends its bytes and resets the connection at once. */
const source = `
const [port, count, text] = process.argv.slice(1)
const { connect } = require('node:net')
let left = Number(count)
const next = () => {
  if (left === 0) return
  left -= 1
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  socket.on('connect', () => socket.write(text, 'latin1', () => socket.resetAndDestroy()))
  socket.on('close', next)
}
next()
`

/**
 * Runs `count` resetting clients in a child and blocks this process until they have ended, so a server in this process accepts
 * every connection after its reset.
 */
export function resetClients(port: number, count: number, text: string): void {
  execFileSync(process.execPath, ['-e', source, String(port), String(count), text], { timeout: 60_000 })
}
