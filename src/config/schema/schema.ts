/**
 * The one source of configuration keys: types, defaults, limits and descriptions (docs/configuration.md is generated
 * from it). Defaults stand on the canonical keys only; keys that are another name of one (names.ts) have none.
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
  description: 'Connections served at the same time; one more is answered with 503 and closed.',
})
const memory = integer(16, 1_048_576, { description: 'Memory that the worker may use.', unit: 'MB' })
const cpu = percent('Share of the CPU available to the daemon; 100 is all of it.')
/** The limits that can be changed while it runs. */
export const limitFields = { connections, memory, cpu } as const
const connect = seconds('Longest wait for a connection to an upstream.')
const idle = seconds('Keep-alive connections and tunnels without traffic are closed after it.')
const lifetime = secondsOrNever(
  'An upstream connection of this age is closed when it is idle, and takes no further request; tunnels are not bounded by it. 0 for no bound.',
)
const maxTunnel = secondsOrNever(
  'Longest life of a tunnel or an upgraded connection (WebSocket), however busy it is; 0 for no bound. Without traffic it ends after the idle timeout.',
)
const header = seconds('From the start of a connection, or of a later request, to a whole request head.')
const response = seconds("Longest wait for the upstream's response head, and between two pieces of its body.")
const headerInStatic = seconds('Another name of timeouts.header_secs: static files have no upstream (D10).')

/** What bounds a client in time, whatever the worker does. */
const clientTimeouts = {
  header_secs: header.default(10),
  body_idle_secs: seconds(
    'Longest pause of a client within its request body, or in taking its answer.',
  ).default(60),
  min_rate_bytes_per_sec: integer(0, 1_000_000_000, {
    description:
      'A client that sends its body or takes its answer more slowly is let go; time in which an upstream holds it up does not count. 0 for no bound.',
    unit: 'bytes/s',
  }).default(240),
  min_rate_grace_secs: seconds('How long a client may be slower than that at first.').default(5),
  exchange_secs: secondsOrNever('From a request head to the end of its answer; 0 for no bound.').default(0),
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

/** What every worker has, whatever its type. */
const common = {
  enabled: flag('false: the worker is not started.').default(true),
  port: integer(0, 65_535, {
    description:
      'Port of a listener of its own, on the host of the top-level listen_addr; 0 lets the kernel choose.',
  }).optional(),
  listen_addr: address('Address of a listener of its own, instead of the top-level listen_addr.').optional(),
  listeners: listeners('Listeners of its own; besides listen_addr or port, where one is given.').optional(),
  tls: tlsBlock('TLS of its listeners that have none of their own.').optional(),
  max_connections: connections.optional(),
  max_memory_mb: memory.optional(),
  max_cpu_percent: cpu.optional(),
  max_connections_per_client: integer(1, 1_000_000, {
    description:
      'Connections of one client at the same time, by its IPv4 address or IPv6 /64; no bound of its own when left out.',
  }).optional(),
  stuck_secs: seconds('An instance whose event loop does not turn for so long is replaced.').default(5),
  worker_threads: integer(1, 512, {
    description: 'Instances of the worker; see isolation for what each is.',
  }).default(1),
  http2: z
    .strictObject({
      enabled: flag('Whether HTTP/2 is offered to clients that connect with TLS (ALPN).').default(true),
      max_concurrent_streams: integer(1, 1_000, {
        description:
          'Requests of one HTTP/2 connection at the same time. All connections together have at most four for each of max_connections.',
      }).default(100),
    })
    .prefault({}),
  isolation: z
    .enum(['thread', 'process', 'shared'])
    .meta({
      description:
        'Where instances of the worker run: each in a thread, each in a process, or in the main thread (which then ends with them).',
      expects: '"thread", "process" or "shared"',
    })
    .default('thread'),
  access_log: accessLog('Its access log, instead of the top-level one.').optional(),
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
        description: 'Idle connections kept to one upstream host.',
      }).default(d.maxIdlePerHost),
      pool_timeout_secs: seconds('Idle upstream connections are closed after it.').default(d.poolTimeoutSecs),
    })
    .prefault({}),
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
      'The upstream; its path is put before every request path. Required when enabled.',
    ).optional(),
  })
  .meta({ description: 'Reverse proxy in front of one upstream.' })

const mount = z.strictObject({
  path: mountPath('URL path prefix that the mount serves; "/" for everything.'),
  root_dir: directory('Directory with the files; a relative one is taken from the directory of this file.'),
  spa_mode: flag(
    'Paths without a file are answered with spa_fallback_file (single page applications).',
  ).default(false),
  spa_fallback_file: fileBelow('See spa_mode; relative to root_dir.').default('index.html'),
  index_files: z
    .array(fileBelow('File that answers for its directory; the first that exists.'))
    .max(16)
    .meta({
      description: 'Files that answer for a directory; the first that exists.',
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
        description: 'What is served where; the longest path that fits wins. Required when enabled.',
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
  $schema: text('For editors; not used.').optional(),
  mode: z.enum(['Forward', 'Reverse', 'Static', 'Combined']).meta({
    description: 'What runs: one type of worker, or all that are given (Combined).',
    expects: '"Forward", "Reverse", "Static" or "Combined"',
  }),
  listen_addr: address(
    'Address of the workers that have no port or listen_addr of their own; two or three of them share it.',
  ).optional(),
  listeners: listeners(
    'Listeners of the workers that have none of their own; besides listen_addr, where it is given.',
  ).optional(),
  tls: tlsBlock('TLS of the top-level listen_addr and listeners.').optional(),
  workers: workers.meta({ description: 'The workers, by type.' }).prefault({}),
  worker_separation: workers.meta({ description: 'Another name of `workers`.' }).optional(),
  admin,
  demo_upstream: z
    .strictObject({
      enabled: flag('Whether it runs.').default(true),
      listen_addr: address('Where. Required when enabled.').optional(),
    })
    .meta({ description: 'An embedded upstream for demonstrations; none when left out.' })
    .optional(),
  access_log: accessLog(
    'One line for each exchange of the workers that have no access_log of their own; none when left out.',
  ).optional(),
  logging: logging.optional(),
  telemetry: telemetry.optional(),
  drain_timeout_secs: seconds('Longest wait for running exchanges when the daemon stops.').default(30),
})

/** What may be written. */
export type ConfigInput = z.input<typeof configSchema>
/** What holds: every default filled in. */
export type Config = z.output<typeof configSchema>
export type WorkerKey = keyof Config['workers']
export const workerKeys = ['forward_proxy', 'reverse_proxy', 'static_files'] as const satisfies WorkerKey[]
