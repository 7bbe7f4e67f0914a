/**
 * The schema: the single source of keys, types, defaults, limits and descriptions (docs/configuration.md is generated
 * from it). Only canonical keys have defaults; their aliases (aliases.ts) have none.
 */
import { z } from 'zod'
import { accessLog } from './access-log.ts'
import { admin } from './admin.ts'
import { clients, proxyForwarding, reverseAuth, staticForwarding } from './clients.ts'
import { destinations } from './destinations.ts'
import {
  address,
  directory,
  fileBelow,
  flag,
  integer,
  mountPath,
  percent,
  seconds,
  secondsOrNever,
  text,
  upstreamUrl,
} from './fields.ts'
import { listeners, tlsBlock } from './listeners.ts'
import { requestLimits } from './sizes.ts'
import { logging, telemetry } from './telemetry.ts'

const connections = integer(1, 1_000_000, {
  description: 'Concurrent connections; further ones get 503 and are closed.',
})
const memory = integer(16, 1_048_576, { description: 'Memory of each instance.', unit: 'MB' })
const cpu = percent('CPU of each instance, as a share of the CPU available to the daemon; 100 is all of it.')
/** Limits that can be changed at run time. */
export const limitFields = { connections, memory, cpu } as const
const connect = seconds('Longest wait for a connection to an upstream.')
const idle = seconds('Keep-alive connections and tunnels without traffic are closed after this time.')
const lifetime = secondsOrNever(
  'Age after which an upstream connection takes no further request and is closed once idle; does not apply to tunnels. 0: no limit.',
)
const maxTunnel = secondsOrNever(
  'Longest life of a tunnel or upgraded connection (WebSocket), even a busy one. 0: no limit. Without traffic it ends after the idle timeout.',
)
const header = seconds(
  'Longest time from the start of a connection or a later request to a complete request head.',
)
const response = seconds(
  "Longest wait for the upstream's whole response head, from the end of the request, and between two chunks of its body.",
)
const headerInStatic = seconds('Alias of timeouts.header_secs; static files have no upstream (D10).')

/** Time limits for clients, common to all types of worker. */
const clientTimeouts = {
  header_secs: header.default(10),
  body_idle_secs: seconds(
    'Longest pause of a client in sending its request body or reading its response.',
  ).default(60),
  min_rate_bytes_per_sec: integer(0, 1_000_000_000, {
    description:
      'Clients that send a body or read a response more slowly are disconnected; time spent waiting for an upstream does not count. 0: no limit.',
    unit: 'bytes/s',
  }).default(240),
  min_rate_grace_secs: seconds('Initial time in which a client may be slower.').default(5),
  exchange_secs: secondsOrNever('Longest time from request head to end of response. 0: no limit.').default(0),
  half_closed_secs: secondsOrNever(
    'Longest wait, without a byte moving, of a client that has ended its sending side. It may still read its response or be gone, which look the same. 0: as long as the exchange may run.',
  ).default(0),
}

interface Defaults {
  readonly connections: number
  readonly memoryMb: number
  readonly cpuPercent: number
  readonly idleSecs: number
}

interface ProxyDefaults extends Defaults {
  readonly connectSecs: number
  readonly lifetimeSecs: number
  readonly maxIdlePerHost: number
  readonly poolTimeoutSecs: number
}

/** Keys of every worker. */
const common = {
  enabled: flag('false: the worker does not start.').default(true),
  port: integer(0, 65_535, {
    description:
      "Port of the worker's own listener, on the host of the top-level listen_addr; 0 lets the kernel choose.",
  }).optional(),
  listen_addr: address(
    "Address of the worker's own listener, instead of the top-level listen_addr.",
  ).optional(),
  listeners: listeners("The worker's own listeners, in addition to its listen_addr or port.").optional(),
  tls: tlsBlock('TLS of its listeners without their own tls.').optional(),
  max_connections: connections.optional(),
  max_memory_mb: memory.optional(),
  max_cpu_percent: cpu.optional(),
  max_connections_per_client: integer(1, 1_000_000, {
    description: 'Concurrent connections of one client: an IPv4 address or an IPv6 /64. Default: no limit.',
  }).optional(),
  stuck_secs: seconds('Time after which an instance with a blocked event loop is replaced.').default(5),
  worker_threads: integer(1, 512, {
    description: 'Number of instances; isolation selects what each one is.',
  }).default(1),
  http2: z
    .strictObject({
      enabled: flag('Whether to offer HTTP/2 to TLS clients (ALPN).').default(true),
      max_concurrent_streams: integer(1, 1_000, {
        description:
          'Concurrent requests per HTTP/2 connection. All connections together: at most four times max_connections.',
      }).default(100),
    })
    .prefault({}),
  isolation: z
    .enum(['thread', 'process', 'shared'])
    .meta({
      description:
        'Where each instance runs: in its own thread, in its own process, or in the main thread (a crash then ends the daemon).',
      expects: '"thread", "process" or "shared"',
    })
    .default('thread'),
  access_log: accessLog('Access log of the worker, instead of the top-level one.').optional(),
  ...clients,
}

const commonLimits = (d: Defaults) => ({
  max_connections: connections.default(d.connections),
  max_memory_mb: memory.default(d.memoryMb),
  max_cpu_percent: cpu.default(d.cpuPercent),
  idle_timeout_secs: idle.default(d.idleSecs),
})

const proxy = (d: ProxyDefaults) => ({
  ...common,
  request_limits: requestLimits,
  resource_limits: z
    .strictObject({
      ...commonLimits(d),
      connection_timeout_secs: connect.default(d.connectSecs),
      max_connection_lifetime_secs: lifetime.default(d.lifetimeSecs),
    })
    .prefault({}),
  connection_pool: z
    .strictObject({
      max_idle_per_host: integer(0, 65_535, {
        description: 'Idle connections kept per upstream host.',
      }).default(d.maxIdlePerHost),
      pool_timeout_secs: seconds('Idle upstream connections are closed after this time.').default(
        d.poolTimeoutSecs,
      ),
    })
    .prefault({}),
  upstream_http2: flag(
    'Whether to offer HTTP/2 to https upstreams (ALPN); those without it get HTTP/1.1.',
  ).default(false),
  timeouts: z
    .strictObject({
      connect_secs: connect.optional(),
      idle_secs: idle.optional(),
      lifetime_secs: lifetime.optional(),
      max_tunnel_secs: maxTunnel.default(0),
      ...clientTimeouts,
      response_secs: response.default(60),
    })
    .prefault({}),
  forwarding: proxyForwarding,
})

const forwardProxy = z
  .strictObject({
    ...proxy({
      connections: 1000,
      memoryMb: 512,
      cpuPercent: 50,
      connectSecs: 10,
      idleSecs: 90,
      lifetimeSecs: 300,
      maxIdlePerHost: 50,
      poolTimeoutSecs: 300,
    }),
    destinations,
  })
  .meta({ description: 'Forward proxy: absolute-form requests and CONNECT.' })

const reverseProxy = z
  .strictObject({
    ...proxy({
      connections: 2000,
      memoryMb: 1024,
      cpuPercent: 80,
      connectSecs: 5,
      idleSecs: 60,
      lifetimeSecs: 600,
      maxIdlePerHost: 100,
      poolTimeoutSecs: 600,
    }),
    auth: reverseAuth,
    target: upstreamUrl(
      'URL of the upstream; its path prefixes every request path. Required if enabled.',
    ).optional(),
  })
  .meta({ description: 'Reverse proxy in front of one upstream.' })

const mount = z.strictObject({
  path: mountPath('URL path prefix of the mount; "/" for everything.'),
  root_dir: directory('Directory with the files; a relative path starts from the directory of this file.'),
  spa_mode: flag('Whether paths without a file serve spa_fallback_file (single page applications).').default(
    false,
  ),
  spa_fallback_file: fileBelow('File for spa_mode, relative to root_dir.').default('index.html'),
  index_files: z
    .array(fileBelow('Name of an index file.'))
    .max(16)
    .meta({
      description: 'Files to serve for a directory; the first one that exists.',
      expects: 'a list of at most 16 file names',
    })
    .default(['index.html']),
})

const staticFiles = z
  .strictObject({
    ...common,
    request_limits: requestLimits,
    resource_limits: z
      .strictObject({
        ...commonLimits({ connections: 500, memoryMb: 256, cpuPercent: 30, idleSecs: 30 }),
        connection_timeout_secs: headerInStatic.optional(),
      })
      .prefault({}),
    timeouts: z
      .strictObject({
        connect_secs: headerInStatic.optional(),
        idle_secs: idle.optional(),
        ...clientTimeouts,
      })
      .prefault({}),
    forwarding: staticForwarding,
    mounts: z
      .array(mount)
      .min(1)
      .max(256)
      .meta({
        description: 'Directories to serve; the longest matching path wins. Required if enabled.',
        expects: 'a list of 1 to 256 mounts, such as [{ "path": "/", "root_dir": "./public" }]',
      })
      .optional(),
  })
  .meta({ description: 'Static files.' })

const workers = z.strictObject({
  forward_proxy: forwardProxy.optional(),
  reverse_proxy: reverseProxy.optional(),
  static_files: staticFiles.optional(),
})

export const configSchema = z.strictObject({
  $schema: text('For editors; ignored.').optional(),
  mode: z.enum(['Forward', 'Reverse', 'Static', 'Combined']).meta({
    description: 'Which workers run: one type, or all that are configured (Combined).',
    expects: '"Forward", "Reverse", "Static" or "Combined"',
  }),
  listen_addr: address(
    'Address of workers without their own port, listen_addr or listeners; two or three of them share it.',
  ).optional(),
  listeners: listeners(
    'Listeners of workers without their own, in addition to the top-level listen_addr.',
  ).optional(),
  tls: tlsBlock('TLS of the top-level listen_addr and listeners.').optional(),
  workers: workers.meta({ description: 'Workers by type.' }).prefault({}),
  worker_separation: workers.meta({ description: 'Alias of `workers`.' }).optional(),
  admin,
  demo_upstream: z
    .strictObject({
      enabled: flag('Whether to run it.').default(true),
      listen_addr: address('Address. Required if enabled.').optional(),
    })
    .meta({ description: 'Embedded upstream for demonstrations. Default: none.' })
    .optional(),
  access_log: accessLog('Access log of workers without their own access_log. Default: none.').optional(),
  logging: logging.optional(),
  telemetry: telemetry.optional(),
  drain_timeout_secs: seconds('Longest wait for running exchanges when the daemon stops.').default(30),
})

/** A configuration as written. */
export type ConfigInput = z.input<typeof configSchema>
/** A configuration with every default filled in. */
export type Config = z.output<typeof configSchema>
export type WorkerKey = keyof Config['workers']
export const workerKeys = ['forward_proxy', 'reverse_proxy', 'static_files'] as const satisfies WorkerKey[]
