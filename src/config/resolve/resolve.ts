/** Resolves a canonical configuration to the settings of the daemon and its workers. */
import type { AccessLogSettings } from '../../telemetry/access-log/format.ts'
import { isLocalAddress } from '../address/address.ts'
import type { Config, WorkerKey } from '../schema/schema.ts'
import type { Environment } from '../secrets/keyring.ts'
import type {
  AdminSettings,
  DaemonSettings,
  ForwardSettings,
  PaceSettings,
  PoolSettings,
  ReverseSettings,
  ServiceSettings,
  SizeSettings,
  StaticSettings,
  TimeoutSettings,
  WorkerSettings,
} from '../settings/settings.ts'
import { clientSettings, forwardingSettings, type Open } from './clients.ts'
import { destinationSettings } from './destinations.ts'
import { OtelEnvironment } from './environment.ts'
import { listenersOf, toListenAddress, toListenerAddress, toMs } from './listeners.ts'
import { resolveLogging } from './logging.ts'
import { resolveTelemetry } from './telemetry.ts'
import { type TracingDefaults, tracingDefaults, tracingSettings } from './tracing.ts'

type Forward = NonNullable<Config['workers']['forward_proxy']>
type Reverse = NonNullable<Config['workers']['reverse_proxy']>
type Static = NonNullable<Config['workers']['static_files']>

/** Inputs of a service besides its block. */
interface Given {
  readonly open: Open
  readonly tracing: TracingDefaults
}

/** Resolves a canonical configuration. `open` decrypts `{encrypted}` values; `env` has the OTEL_* variables. */
export function resolveSettings(config: Config, open: Open, env: Environment): DaemonSettings {
  const { forward_proxy: forward, reverse_proxy: reverse, static_files: files } = config.workers
  const otel = new OtelEnvironment(env)
  const given: Given = { open, tracing: tracingDefaults(config.telemetry?.enabled === false ? null : otel) }
  const alone = [
    ...(forward === undefined ? [] : [single('forward_proxy', forward, forwardService(forward, given))]),
    ...(reverse === undefined ? [] : [single('reverse_proxy', reverse, reverseService(reverse, given))]),
    ...(files === undefined ? [] : [single('static_files', files, staticService(files, given))]),
  ]
  const sharing = alone.filter(({ listen }) => listen.length === 0)
  const apart = alone.filter(({ listen }) => listen.length > 0)
  const [only, ...others] = sharing
  const isAlone = only !== undefined && others.length === 0
  const tls = (isAlone && config.workers[only.name as WorkerKey]?.tls) || config.tls
  const shared = listenersOf({ ...config, tls })
  const workers = sharing.length > 1 ? [combine(sharing), ...apart] : alone
  return {
    workers: workers.map((worker) => (worker.listen.length === 0 ? { ...worker, listen: shared } : worker)),
    admin: adminSettings(config.admin, open),
    demoUpstream:
      config.demo_upstream?.listen_addr === undefined
        ? null
        : toListenAddress(config.demo_upstream.listen_addr),
    logging: resolveLogging(config.logging),
    telemetry: resolveTelemetry(config.telemetry, otel, open),
    drainTimeoutMs: toMs(config.drain_timeout_secs),
  }
}

function adminSettings(
  { enabled, listen_addr, token, token_file, tls, hosts }: Config['admin'],
  open: Open,
): AdminSettings {
  const listen = toListenerAddress(listen_addr)
  return {
    enabled,
    listen,
    token: token === undefined ? undefined : open(token),
    tokenFile: token_file ?? null,
    tls: tls === undefined ? null : { certFile: tls.cert, keyFile: tls.key },
    hosts,
    isLocal: isLocalAddress(listen),
  }
}

function single(name: string, block: Forward | Reverse | Static, service: ServiceSettings): WorkerSettings {
  return {
    name,
    type: service.type,
    listen: listenersOf(block),
    isolation: block.isolation,
    instances: block.worker_threads,
    maxConnectionsPerClient: block.max_connections_per_client ?? null,
    stuckMs: toMs(block.stuck_secs),
    http2: {
      enabled: block.http2.enabled,
      maxConcurrentStreams: block.http2.max_concurrent_streams,
    },
    maxMemoryMb: service.maxMemoryMb,
    maxCpuPercent: service.maxCpuPercent,
    services: [service],
  }
}

function combine(workers: readonly WorkerSettings[]): WorkerSettings {
  const perClient = workers.flatMap(({ maxConnectionsPerClient: one }) => (one === null ? [] : [one]))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    name: 'combined',
    type: 'combined',
    listen: [],
    // The rules require equal values.
    isolation: workers[0]?.isolation ?? 'thread',
    instances: Math.max(...workers.map(({ instances }) => instances)),
    // A connection is not assigned to a service before its first request, so the largest limit applies.
    maxConnectionsPerClient: perClient.length === 0 ? null : Math.max(...perClient),
    stuckMs: Math.max(...workers.map(({ stuckMs }) => stuckMs)),
    http2: {
      enabled: workers.every(({ http2 }) => http2.enabled),
      maxConcurrentStreams: Math.max(...workers.map(({ http2 }) => http2.maxConcurrentStreams)),
    },
    maxMemoryMb: sum(workers.map(({ maxMemoryMb }) => maxMemoryMb)),
    maxCpuPercent: Math.min(100, sum(workers.map(({ maxCpuPercent }) => maxCpuPercent))),
    services: workers.flatMap(({ services }) => services),
  }
}

function forwardService(block: Forward, given: Given): ForwardSettings {
  return {
    type: 'forward',
    ...proxyService(block, given),
    destinations: destinationSettings(block.destinations),
  }
}

function reverseService(block: Reverse, given: Given): ReverseSettings {
  const { target = '' } = block
  return { type: 'reverse', ...proxyService(block, given), target }
}

function proxyService(block: Forward | Reverse, given: Given) {
  return {
    ...limits(block, given.tracing),
    ...clientSettings(block, given.open),
    timeouts: proxyTimeouts(block),
    pool: pool(block),
    forwarding: forwardingSettings(block),
  }
}

function staticService(block: Static, given: Given): StaticSettings {
  const headerMs = toMs(block.timeouts.header_secs)
  const idleMs = toMs(block.resource_limits.idle_timeout_secs)
  return {
    type: 'static',
    ...limits(block, given.tracing),
    ...clientSettings(block, given.open),
    // Static files have no upstream and no tunnels, so these repeat the limits for clients.
    timeouts: { connectMs: headerMs, idleMs, lifetimeMs: 0, maxTunnelMs: 0, headerMs, responseMs: idleMs },
    mounts: (block.mounts ?? []).map((mount) => ({
      path: mount.path,
      rootDir: mount.root_dir,
      spaMode: mount.spa_mode,
      spaFallbackFile: mount.spa_fallback_file,
      indexFiles: mount.index_files,
    })),
  }
}

function limits(
  {
    resource_limits: limit,
    timeouts,
    request_limits: request,
    access_log,
    tracing,
  }: Forward | Reverse | Static,
  traced: TracingDefaults,
) {
  const pace: PaceSettings = {
    bodyIdleMs: toMs(timeouts.body_idle_secs),
    minBytesPerSecond: timeouts.min_rate_bytes_per_sec,
    graceMs: toMs(timeouts.min_rate_grace_secs),
    exchangeMs: toMs(timeouts.exchange_secs),
    halfClosedMs: toMs(timeouts.half_closed_secs),
  }
  const sizes: SizeSettings = {
    maxHeadBytes: request.max_header_size,
    maxFields: request.max_headers,
    maxTargetBytes: request.max_target_size,
    maxBodyBytes: request.max_body_size,
  }
  return {
    pace,
    sizes,
    accessLog: accessLog(access_log),
    tracing: tracingSettings(tracing, traced),
    maxConnections: limit.max_connections,
    maxMemoryMb: limit.max_memory_mb,
    maxCpuPercent: limit.max_cpu_percent,
  }
}

function accessLog(given: Config['access_log']): AccessLogSettings | null {
  if (given === undefined || typeof given === 'string') return null
  const { path, format, buffer_kb, flush_ms } = given
  return { path, format, bufferBytes: buffer_kb * 1024, flushMs: flush_ms }
}

function proxyTimeouts({ resource_limits: limit, timeouts }: Forward | Reverse): TimeoutSettings {
  return {
    connectMs: toMs(limit.connection_timeout_secs),
    idleMs: toMs(limit.idle_timeout_secs),
    lifetimeMs: toMs(limit.max_connection_lifetime_secs),
    maxTunnelMs: toMs(timeouts.max_tunnel_secs),
    headerMs: toMs(timeouts.header_secs),
    responseMs: toMs(timeouts.response_secs),
  }
}

function pool({ connection_pool: given, upstream_http2: http2 }: Forward | Reverse): PoolSettings {
  return { maxIdlePerHost: given.max_idle_per_host, idleMs: toMs(given.pool_timeout_secs), http2 }
}
