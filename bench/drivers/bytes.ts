/**
 * bytes.ts PROXY_PORT ORIGIN_PORT PATH FILE_MIB TOTAL_MIB: requests one file repeatedly through a tunnel and
 * counts every byte, read into one buffer. Prints a Driven as JSON, in MiB.
 */
import { connect } from 'node:net'
import { report } from './latencies.ts'

const [proxyPort, originPort, path = '/', fileMiB, totalMiB] = process.argv.slice(2)
const fileBytes = Number(fileMiB) * 2 ** 20
const rounds = Number(totalMiB) / Number(fileMiB)
const authority = `127.0.0.1:${originPort}`
const request = `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
const longestMs = 10_000

let started = 0
let answered = 0
/** Remaining bytes of the body; null while a head is being read. */
let missing: number | null = null
let isOpen = false
let head = ''

const { promise, resolve, reject } = Promise.withResolvers<void>()
const socket = connect({
  host: '127.0.0.1',
  port: Number(proxyPort),
  onread: {
    buffer: new Uint8Array(256 * 1024),
    callback: (bytes, buffer) => {
      read(bytes, buffer)
      return true
    },
  },
})
socket.setTimeout(longestMs, () => socket.destroy(new Error('nothing came for 10 s')))
socket.on('error', reject)
socket.on('close', () => reject(new Error(`closed after ${answered} answers; last head: ${head}`)))
socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)

function read(bytes: number, buffer: Uint8Array): void {
  if (missing !== null) {
    body(bytes)
    return
  }
  const before = head.length
  head += Buffer.from(buffer.buffer, 0, bytes).toString('latin1')
  const end = head.indexOf('\r\n\r\n')
  if (end < 0) return
  if (!/^HTTP\/1\.[01] 200 /.test(head)) {
    socket.destroy(new Error(`not 200: ${head.slice(0, 100)}`))
    return
  }
  head = ''
  if (!isOpen) {
    isOpen = true
    started = performance.now()
    socket.write(request)
    return
  }
  missing = fileBytes
  body(bytes - (end + 4 - before))
}

function body(bytes: number): void {
  missing = (missing ?? 0) - bytes
  if (missing > 0) return
  if (missing < 0) {
    socket.destroy(new Error(`${-missing} bytes too many`))
    return
  }
  missing = null
  answered += 1
  if (answered === rounds) resolve()
  else socket.write(request)
}

await promise
const seconds = (performance.now() - started) / 1000
socket.destroy()
report({ done: rounds * Number(fileMiB), seconds, errors: 0, p50Us: null, p99Us: null })
