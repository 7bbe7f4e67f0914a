/** Clients that reset their connections at once. */
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

/** TLS 1.2, where the client's handshake ends after the server's. */
const tlsSource = `
const [port, count, protocol, bytes] = process.argv.slice(1)
const { connect } = require('node:net')
const tls = require('node:tls')
let left = Number(count)
const next = () => {
  if (left === 0) return
  left -= 1
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  const secure = tls.connect({ socket, rejectUnauthorized: false, maxVersion: 'TLSv1.2', ALPNProtocols: [protocol] })
  socket.on('error', () => {})
  secure.on('error', () => {})
  secure.on('secureConnect', () => secure.write(Buffer.from(bytes, 'base64'), () => socket.resetAndDestroy()))
  socket.on('close', next)
}
next()
`

/** As `resetClients`, with a TLS handshake before the bytes. The server must run in another thread or process. */
export function resetTlsClients(port: number, count: number, protocol: string, bytes: Buffer): void {
  const args = [String(port), String(count), protocol, bytes.toString('base64')]
  execFileSync(process.execPath, ['-e', tlsSource, ...args], { timeout: 60_000 })
}
