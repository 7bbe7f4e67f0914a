/**
 * connect.ts PROXY_PORT ORIGIN_PORT CONNECTIONS MILLISECONDS: opens tunnels one after the other on each of several
 * connections, because wrk cannot CONNECT.
 *
 *   CONNECT --200--> GET /1k.txt, Connection: close --body, end--> closed, next
 *
 * Prints a Driven as JSON. Tunnels in progress at the deadline are not counted.
 */
import { connect, type Socket } from 'node:net'
import { Latencies, report } from './latencies.ts'

const [proxyPort = 0, originPort = 0, connections = 1, ms = 1000] = process.argv.slice(2).map(Number)
const authority = `127.0.0.1:${originPort}`
const connectHead = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
const requestHead = `GET /1k.txt HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`
const bodyBytes = 1024
const longestMs = 5_000

const taken = new Latencies()
const sockets = new Set<Socket>()
let errors = 0
const started = performance.now()
const deadline = started + ms

function tunnel(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(proxyPort, '127.0.0.1')
  sockets.add(socket)
  let isOpen = false
  let text = ''
  socket
    .setNoDelay(true)
    .setEncoding('latin1')
    .setTimeout(longestMs, () => socket.destroy())
  socket.write(connectHead)
  socket.on('data', (data: string) => {
    text += data
    if (isOpen) return
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!/^HTTP\/1\.[01] 200 /.test(text)) {
      socket.destroy()
      return
    }
    isOpen = true
    text = text.slice(end + 4)
    socket.write(requestHead)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    sockets.delete(socket)
    const end = text.indexOf('\r\n\r\n')
    resolve(isOpen && / 200 /.test(text.slice(0, 13)) && text.length - end - 4 === bodyBytes)
  })
  return promise
}

async function loop(): Promise<void> {
  for (;;) {
    const begin = performance.now()
    if (begin >= deadline) return
    const isGood = await tunnel()
    const end = performance.now()
    if (end > deadline) return
    if (isGood) taken.add(end - begin)
    else errors += 1
  }
}

const loops = Array.from({ length: connections }, loop)
const stop = setTimeout(() => {
  for (const socket of sockets) socket.destroy()
}, ms + 200)
await Promise.all(loops)
clearTimeout(stop)
report({
  done: taken.count,
  seconds: ms / 1000,
  errors,
  p50Us: taken.percentile(0.5),
  p99Us: taken.percentile(0.99),
})
