/**
 * messages.ts PROXY_PORT CONNECTIONS MILLISECONDS: on each WebSocket, sends a message and waits for its echo.
 * Prints a Driven as JSON.
 */
import { connect } from 'node:net'
import { messageBytes } from '../cases/sizes.ts'
import { clientFrame, serverFrameBytes } from './frames.ts'
import { Latencies, report } from './latencies.ts'

const [port = 0, connections = 1, ms = 1000] = process.argv.slice(2).map(Number)
const handshake =
  'GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const frame = clientFrame(messageBytes)
const taken = new Latencies()
let errors = 0
let isOver = false
const started = performance.now()

function run(): { end(): void } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let head: string | null = ''
  let missing = 0
  let since = 0
  const send = () => {
    missing = serverFrameBytes(messageBytes)
    since = performance.now()
    socket.write(frame)
  }
  socket.on('error', () => {})
  socket.on('close', () => {
    if (!isOver) errors += 1
  })
  socket.on('data', (data: Buffer) => {
    if (head !== null) {
      head += data.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      if (!head.startsWith('HTTP/1.1 101 ')) socket.destroy()
      head = null
      send()
      return
    }
    missing -= data.length
    if (missing > 0) return
    taken.add(performance.now() - since)
    send()
  })
  socket.write(handshake)
  return { end: () => socket.destroy() }
}

const all = Array.from({ length: connections }, run)
setTimeout(() => {
  isOver = true
  for (const one of all) one.end()
  report({
    done: taken.count,
    seconds: (performance.now() - started) / 1000,
    errors,
    p50Us: taken.percentile(0.5),
    p99Us: taken.percentile(0.99),
  })
}, ms)
