/**
 * beside.ts PROXY_PORT PATH KEPT OPENED MILLISECONDS: KEPT clients send one request after the other on their
 * connections; beside them, OPENED clients open a connection for each request. Prints a Driven as JSON.
 */
import { KeepAliveClient } from './keep-alive-client.ts'
import { Latencies, report } from './latencies.ts'

const [portText, path = '/', ...numbers] = process.argv.slice(2)
const [kept = 1, opened = 1, ms = 1000] = numbers.map(Number)
const port = Number(portText)
const keep = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`
const close = `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`

const onKept = new Latencies()
const onNew = new Latencies()
const clients = new Set<KeepAliveClient>()
let errors = 0
let isOver = false
const started = performance.now()

function keepOne(): void {
  const client = new KeepAliveClient(port, {
    answered(one, status) {
      const now = performance.now()
      if (status === 200) onKept.add(now - one.since)
      else errors += 1
      one.send(keep, now)
    },
    closed(one) {
      clients.delete(one)
      errors += 1
    },
  })
  clients.add(client)
  client.send(keep, performance.now())
}

function openOne(): void {
  if (isOver) return
  let isAnswered = false
  const client = new KeepAliveClient(port, {
    answered(one, status) {
      isAnswered = status === 200
      if (isAnswered) onNew.add(performance.now() - one.since)
    },
    closed(one) {
      clients.delete(one)
      if (!isAnswered) errors += 1
      openOne()
    },
  })
  clients.add(client)
  // Counts from the start of the connection.
  client.send(close, performance.now())
}

for (let n = 0; n < kept; n += 1) keepOne()
for (let n = 0; n < opened; n += 1) openOne()
setTimeout(() => {
  isOver = true
  for (const client of clients) client.destroy()
  const seconds = (performance.now() - started) / 1000
  report({
    done: onKept.count + onNew.count,
    seconds,
    errors,
    p50Us: onKept.percentile(0.5),
    p99Us: onKept.percentile(0.99),
    extra: {
      keptP50Us: onKept.percentile(0.5),
      newP50Us: onNew.percentile(0.5),
      newPerSecond: onNew.count / seconds,
    },
  })
}, ms)
