/**
 * open-loop.ts PROXY_PORT PATH PER_SECOND CONNECTIONS MILLISECONDS: requests at a constant rate. Prints a
 * Driven as JSON.
 */
import { Arrivals } from './arrivals.ts'
import { report } from './latencies.ts'

const [portText, path = '/', ...numbers] = process.argv.slice(2)
const [perSecond = 1, connections = 1, ms = 1000] = numbers.map(Number)
const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`

const arrivals = new Arrivals({ port: Number(portText), request, connections, perSecond })
const seconds = await arrivals.run(ms)
arrivals.end()
const { taken, late, errors } = arrivals
report({
  done: taken.count,
  seconds,
  errors,
  p50Us: taken.percentile(0.5),
  p99Us: taken.percentile(0.99),
  extra: { p999Us: taken.percentile(0.999), offered: perSecond, lateP99Us: late.percentile(0.99) },
})
