/**
 * echo-origin.ts PORT: answers a POST after its last byte, and each WebSocket message of the driver with the
 * same message. Messages have one fixed size, so that it counts bytes instead of parsing frames.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { messageBytes } from '../cases/sizes.ts'
import { clientFrameBytes, serverFrame } from './frames.ts'

const server = createServer((req, res) => {
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  req.on('end', () => res.end(String(bytes)))
})
server.on('upgrade', (req, socket, early) => {
  const key = req.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const frame = serverFrame(messageBytes)
  let pending = early.length
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.length
    for (; pending >= clientFrameBytes(messageBytes); pending -= clientFrameBytes(messageBytes))
      socket.write(frame)
  })
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
})
server.keepAliveTimeout = 600_000
server.listen(Number(process.argv[2]), '127.0.0.1')
