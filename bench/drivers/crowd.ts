/**
 * crowd.ts PROXY_PORT PATH MILLISECONDS: as many accepted clients as connections are allowed, at a steady pace;
 * then, for the same time again, as many more, which connect, are rejected, pause and connect again. Prints a
 * Driven as JSON, with the latency of the accepted clients beside the others.
 */
import { connect } from 'node:net'
import { crowd } from '../cases/sizes.ts'
import { Arrivals } from './arrivals.ts'
import { report } from './latencies.ts'

const [portText, path = '/', ms = '1000'] = process.argv.slice(2)
const port = Number(portText)
const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`
const patienceMs = 1_000

let refused = 0
/** Neither accepted nor rejected within the patience of the client. */
let waited = 0
let isOver = false

function knock(): void {
  if (isOver) return
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let hasWaited = false
  socket.setTimeout(patienceMs, () => {
    hasWaited = true
    socket.destroy()
  })
  socket.on('data', () => socket.destroy())
  socket.on('error', () => {})
  socket.on('close', () => {
    if (hasWaited) waited += 1
    else refused += 1
    setTimeout(knock, crowd.pauseMs)
  })
  socket.write(request)
}

const { accepted, perSecond, rejected } = crowd
const arrivals = new Arrivals({ port, request, connections: accepted, perSecond })
await arrivals.run(Number(ms))
const alone = arrivals.taken
for (let n = 0; n < rejected; n += 1) setTimeout(knock, (n * crowd.pauseMs) / rejected)
const seconds = await arrivals.run(Number(ms))
const { taken, errors } = arrivals
report({
  done: alone.count + taken.count,
  seconds: (2 * Number(ms)) / 1000,
  errors,
  p50Us: taken.percentile(0.5),
  p99Us: taken.percentile(0.99),
  extra: {
    p999Us: taken.percentile(0.999),
    aloneP99Us: alone.percentile(0.99),
    refusedPerSecond: refused / seconds,
    waitedPerSecond: waited / seconds,
  },
})
isOver = true
process.exit()
