/** Builds the metric families of a service from its counters and series. */
import type { MetricName } from './catalogue/catalogue.ts'
import type { CounterValues } from './counters.ts'
import type { Families } from './family.ts'
import { coarser, type HistogramValue, histogramAt, type Series } from './series.ts'
import { attributesOf, isClientKey, methods, type SeriesAttributes } from './series-key.ts'

/** The numbers of a service as read by main. */
export interface ServiceReading {
  readonly worker: string
  readonly type: 'forward' | 'reverse' | 'static' | 'combined'
  /**
   * True for a service of a combined worker, whose connections are counted by the worker before their first
   * request.
   */
  readonly isPart: boolean
  readonly counters: CounterValues
  readonly connectionsActive: number
  /** Refused connections by error code. */
  readonly refused: Readonly<Record<string, number>>
  readonly series: Series
  readonly tunnelLives: HistogramValue
  /** Indexed by twice the method's number, plus one on a secure connection. */
  readonly activeRequests: readonly number[]
  readonly routes: readonly string[]
  /** `scheme://host:port` of a reverse proxy's upstream. */
  readonly target: string | null
}

/** Consecutive connect failures after which a target counts as down. */
const downAfter = 3

/** Adds the metrics that the instances of a service count. */
export function addService(families: Families, reading: ServiceReading): void {
  const { type, isPart, worker } = reading
  const own = { 'proxy.worker.name': worker, 'proxy.type': type }
  const add = (name: MetricName, value: number | HistogramValue, attributes: SeriesAttributes = {}) =>
    families.add(name, { ...own, ...attributes }, value)
  addRequests(add, reading)
  addConnections(add, reading)
  if (!isPart) addDoor(add, reading)
  if (type === 'forward' || type === 'reverse') addUpstream(add, reading)
  if (type === 'static') addFiles(add, reading)
}

type Add = (name: MetricName, value: number | HistogramValue, attributes?: SeriesAttributes) => void

function addRequests(add: Add, { series, routes, activeRequests, target }: ServiceReading): void {
  const server = target === null ? {} : serverOf(target)
  for (const [key, values] of series) {
    const attributes = attributesOf(key, routes)
    if (isClientKey(key)) {
      add('http.client.request.duration', coarser(histogramAt(values, 0)), { ...attributes, ...server })
      continue
    }
    add('http.server.request.duration', coarser(histogramAt(values, 0)), attributes)
    add('http.server.request.body.size', histogramAt(values, 1), attributes)
    add('http.server.response.body.size', histogramAt(values, 2), attributes)
  }
  for (const [at, active] of activeRequests.entries()) {
    // Omit methods without requests, except GET, so that the metric exists from the start.
    if (active === 0 && at !== 2 * methods.indexOf('GET')) continue
    add('http.server.active_requests', active, {
      'http.request.method': methods[at >> 1] ?? '_OTHER',
      'url.scheme': at % 2 === 0 ? 'http' : 'https',
    })
  }
}

function addConnections(add: Add, { counters, connectionsActive, refused, isPart }: ServiceReading): void {
  add('proxy.connections.active', connectionsActive)
  for (const [code, count] of Object.entries(refused)) {
    // Connections refused by main belong to the worker, not to one of its services.
    if (!isPart || code === 'OVER_LIMIT') add('proxy.connections.refused', count, { 'error.type': code })
  }
  add('proxy.network.io', counters.bytesReceived, { 'network.io.direction': 'receive' })
  add('proxy.network.io', counters.bytesSent, { 'network.io.direction': 'transmit' })
  add('proxy.rate_limit.refused', counters.rateLimited)
}

/** Adds what is counted before a request. */
function addDoor(add: Add, { counters }: ServiceReading): void {
  add('proxy.connections.accepted', counters.connectionsTotal)
  add('proxy.connections.cut_off', counters.connectionsCutOff)
  add('proxy.connections.reset', counters.connectionsReset)
  add('proxy.tls.handshakes', counters.tlsHandshakes, { 'proxy.tls.result': 'ok' })
  add('proxy.tls.handshakes', counters.tlsHandshakesFailed, { 'proxy.tls.result': 'failed' })
  add('proxy.proxy_protocol.rejected', counters.proxyHeadersRejected)
  add('proxy.access_log.dropped', counters.logLinesDropped)
}

function addUpstream(add: Add, { counters, target, tunnelLives }: ServiceReading): void {
  const { upstreamOpen, upstreamIdle } = counters
  add('http.client.open_connections', upstreamOpen - upstreamIdle, { 'http.connection.state': 'active' })
  add('http.client.open_connections', upstreamIdle, { 'http.connection.state': 'idle' })
  add('proxy.upstream.attempts', counters.upstreamAttempts)
  add('proxy.upstream.retries', counters.upstreamRetries)
  add('proxy.tunnels.active', counters.tunnelsActive)
  add('proxy.tunnels', counters.tunnelsTotal)
  add('proxy.tunnel.bytes', counters.tunnelBytesReceived, { 'network.io.direction': 'receive' })
  add('proxy.tunnel.bytes', counters.tunnelBytesSent, { 'network.io.direction': 'transmit' })
  add('proxy.tunnel.duration', tunnelLives)
  if (target === null) return
  const { targetFailures } = counters
  const now = targetFailures === 0 ? 'up' : targetFailures < downAfter ? 'suspect' : 'down'
  for (const state of ['up', 'suspect', 'down']) {
    add('proxy.target.state', state === now ? 1 : 0, { 'proxy.target': target, 'proxy.target.state': state })
  }
}

function addFiles(add: Add, { counters }: ServiceReading): void {
  add('proxy.files.served', counters.filesServed)
  add('proxy.cache.requests', counters.cacheHits, { 'proxy.cache.result': 'hit' })
  add('proxy.cache.requests', counters.cacheMisses, { 'proxy.cache.result': 'miss' })
  add('proxy.disk.time', counters.diskIoMs / 1000)
}

function serverOf(target: string): SeriesAttributes {
  const { protocol, hostname, port } = new URL(target)
  const known = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return { 'server.address': hostname.replace(/^\[|\]$/g, ''), 'server.port': known }
}
