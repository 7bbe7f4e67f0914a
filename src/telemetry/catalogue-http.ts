import type { Metric } from './metric.ts'

/** Seconds; those of the semantic conventions. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** Bytes; the conventions name none. */
const sizeBounds = [
  0, 128, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456,
  1_073_741_824, 4_294_967_296,
] as const

/** Seconds: a tunnel may live for days. */
const tunnelBounds = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400] as const

const serverAttributes = [
  'http.request.method',
  'url.scheme',
  'http.response.status_code',
  'error.type',
  'http.route',
  'network.protocol.version',
] as const

const common = { scope: 'worker', isStandard: false } as const
const standard = { scope: 'worker', isStandard: true } as const

/** Requests, connections, tunnels, files and upstreams: all of them counted by the instances. */
export const catalogue = [
  {
    ...standard,
    name: 'http.server.request.duration',
    instrument: 'histogram',
    unit: 's',
    description:
      'Time from the head of a request to the end of its response; one count for each request, however it ended.',
    attributes: serverAttributes,
    bounds: durationBounds,
  },
  {
    ...standard,
    name: 'http.server.active_requests',
    instrument: 'updowncounter',
    unit: '{request}',
    description: 'Requests that have begun and not ended; a tunnel is none.',
    attributes: ['http.request.method', 'url.scheme'],
  },
  {
    ...standard,
    name: 'http.server.request.body.size',
    instrument: 'histogram',
    unit: 'By',
    description: 'Bytes of request bodies as they were read, without heads and framing.',
    attributes: serverAttributes,
    bounds: sizeBounds,
  },
  {
    ...standard,
    name: 'http.server.response.body.size',
    instrument: 'histogram',
    unit: 'By',
    description: 'Bytes of response bodies as they were sent, without heads and framing.',
    attributes: serverAttributes,
    bounds: sizeBounds,
  },
  {
    ...standard,
    name: 'http.client.request.duration',
    instrument: 'histogram',
    unit: 's',
    description:
      'Time of an attempt at an upstream, from its start to the end of its response; one count for each attempt.',
    attributes: [
      'http.request.method',
      'http.response.status_code',
      'error.type',
      'server.address',
      'server.port',
    ],
    bounds: durationBounds,
  },
  {
    ...standard,
    name: 'http.client.open_connections',
    instrument: 'updowncounter',
    unit: '{connection}',
    description: 'Connections to upstreams, without those of tunnels and upgraded connections.',
    attributes: ['http.connection.state'],
  },
  {
    ...common,
    name: 'proxy.connections.active',
    instrument: 'updowncounter',
    unit: '{connection}',
    description:
      'Connections of clients that are open. In a combined worker, of type `combined`: those that belong to no service yet.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.connections.accepted',
    instrument: 'counter',
    unit: '{connection}',
    description: 'Connections that were admitted. In a combined worker all are of type `combined`.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.connections.refused',
    instrument: 'counter',
    unit: '{connection}',
    description:
      'Connections that were turned away at a limit (503, or closed before TLS); they are no requests.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.connections.cut_off',
    instrument: 'counter',
    unit: '{connection}',
    description: 'HTTP/2 connections that were ended for what their clients did with them.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.network.io',
    instrument: 'counter',
    unit: 'By',
    description: "Bytes of clients' connections, heads and framing included; added when an exchange ends.",
    attributes: ['network.io.direction'],
  },
  {
    ...common,
    name: 'proxy.tls.handshakes',
    instrument: 'counter',
    unit: '{handshake}',
    description: 'TLS handshakes with clients.',
    attributes: ['proxy.tls.result'],
  },
  {
    ...common,
    name: 'proxy.proxy_protocol.rejected',
    instrument: 'counter',
    unit: '{connection}',
    description: 'Connections that were closed for their PROXY header, or for want of one.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.rate_limit.refused',
    instrument: 'counter',
    unit: '{request}',
    description: 'Requests that a rate limit has refused (429).',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.upstream.attempts',
    instrument: 'counter',
    unit: '{attempt}',
    description: 'Attempts at an upstream: requests, upgrades and tunnels.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.upstream.retries',
    instrument: 'counter',
    unit: '{attempt}',
    description: 'Attempts after the first one of a request.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.target.state',
    instrument: 'gauge',
    unit: '{target}',
    description:
      '1 for the state of an upstream target as requests find it: `up`, `suspect` after a failed connect, `down` after three in a row. An observation: nothing acts on it.',
    attributes: ['proxy.target', 'proxy.target.state'],
  },
  {
    ...common,
    name: 'proxy.tunnels.active',
    instrument: 'updowncounter',
    unit: '{tunnel}',
    description: 'CONNECT tunnels and upgraded connections that are open.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.tunnels',
    instrument: 'counter',
    unit: '{tunnel}',
    description: 'CONNECT tunnels and upgraded connections that were opened.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.tunnel.bytes',
    instrument: 'counter',
    unit: 'By',
    description:
      'Bytes through tunnels and upgraded connections: from the client (receive) and to it (transmit).',
    attributes: ['network.io.direction'],
  },
  {
    ...common,
    name: 'proxy.tunnel.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'Life of tunnels and upgraded connections, from the switch to the end.',
    attributes: [],
    bounds: tunnelBounds,
  },
  {
    ...common,
    name: 'proxy.files.served',
    instrument: 'counter',
    unit: '{file}',
    description: 'Files, or ranges of them, that were sent as a body.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.cache.requests',
    instrument: 'counter',
    unit: '{request}',
    description:
      'Requests for files that were found: without reading them (hit: from memory, or 304), or not (miss).',
    attributes: ['proxy.cache.result'],
  },
  {
    ...common,
    name: 'proxy.disk.time',
    instrument: 'counter',
    unit: 's',
    description: 'Time that operations on files have taken, waiting for a thread of the pool included.',
    attributes: [],
  },
  {
    ...common,
    name: 'proxy.access_log.dropped',
    instrument: 'counter',
    unit: '{line}',
    description: 'Lines of access logs that were dropped.',
    attributes: [],
  },
] as const satisfies readonly Metric[]
