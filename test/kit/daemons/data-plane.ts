/** Starts a data plane in the process of the test, with settings for every service. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { destinationSettings } from '../../../src/config/resolve/destinations.ts'
import type {
  AccessSettings,
  AuthSettings,
  ForwardingSettings,
  ForwardSettings,
  MountSettings,
  PaceSettings,
  PoolSettings,
  RateRule,
  RateSettings,
  ReverseSettings,
  ServiceSettings,
  ServiceType,
  SizeSettings,
  StaticSettings,
  TimeoutSettings,
  WorkerSettings,
  WorkerType,
} from '../../../src/config/settings/settings.ts'
import type { TracingSettings } from '../../../src/config/settings/tracing.ts'
import { peerOf } from '../../../src/http/address/peer.ts'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { transportOf } from '../../../src/http/transport/transport-of.ts'
import type { DataPlaneOptions } from '../../../src/proxy/data-plane/contract.ts'
import { createDataPlane, type DataPlane } from '../../../src/proxy/data-plane/data-plane.ts'
import type { SpanOutput } from '../../../src/proxy/trace/span-output.ts'
import type { AccessRecord } from '../../../src/telemetry/access-log/access-record.ts'
import {
  type CounterBlock,
  type CounterValues,
  createCounterBlock,
  readCounters,
} from '../../../src/telemetry/metrics/counters.ts'
import { opensLoopback } from '../configuration/destinations.ts'
import { tlsListenerMaterial, tlsListenerSettings } from '../tls/test-listener.ts'
import { CountingAdmission } from './counting-admission.ts'

/** Short enough for tests that wait for a timeout, long enough for a loaded machine. */
const timeouts: TimeoutSettings = {
  connectMs: 2_000,
  idleMs: 5_000,
  lifetimeMs: 0,
  maxTunnelMs: 0,
  headerMs: 5_000,
  responseMs: 5_000,
}

export const pace: PaceSettings = {
  bodyIdleMs: 5_000,
  minBytesPerSecond: 0,
  graceMs: 5_000,
  exchangeMs: 0,
  halfClosedMs: 0,
}

export const sizes: SizeSettings = {
  maxHeadBytes: 16_384,
  maxFields: 100,
  maxTargetBytes: 8_192,
  maxBodyBytes: 0,
}

export const tracing: TracingSettings = {
  sampleRatio: 0,
  parentBased: true,
  context: 'propagate',
  formats: ['tracecontext', 'baggage'],
  trustsProxiesOnly: false,
  routes: [],
}

export interface Tuning {
  readonly tracing?: Partial<TracingSettings>
  readonly timeouts?: Partial<TimeoutSettings>
  readonly pace?: Partial<PaceSettings>
  readonly sizes?: Partial<SizeSettings>
  readonly pool?: Partial<PoolSettings>
  readonly trust?: Partial<StaticSettings['trust']>
  readonly requestId?: StaticSettings['requestId']
  readonly access?: Partial<AccessSettings>
  readonly auth?: Partial<AuthSettings>
  readonly rates?: { readonly rules: readonly Partial<RateRule>[]; readonly announces?: boolean }
  readonly forwarding?: Partial<ForwardingSettings>
  /** As in the configuration. */
  readonly destinations?: {
    readonly allow?: readonly string[]
    readonly deny?: readonly string[]
    readonly connect_ports?: readonly (number | string)[]
  }
}

const common = (tuning: Tuning) => ({
  maxConnections: 1_000,
  maxMemoryMb: 512,
  maxCpuPercent: 100,
  timeouts: { ...timeouts, ...tuning.timeouts },
  trust: { proxies: [], believes: 'x_forwarded' as const, ...tuning.trust },
  requestId: tuning.requestId ?? null,
  pace: { ...pace, ...tuning.pace },
  sizes: { ...sizes, ...tuning.sizes },
  auth:
    tuning.auth === undefined
      ? null
      : { realm: 'test', users: [], cacheMs: 60_000, forwards: false, ...tuning.auth },
  rates: tuning.rates === undefined ? null : ratesOf(tuning.rates),
  access: tuning.access === undefined ? null : { allow: [], deny: [], ...tuning.access },
  accessLog: null,
  tracing: { ...tracing, ...tuning.tracing },
})

/** Ten requests a minute for each client, unless the rules differ. */
function ratesOf({ rules, announces = false }: NonNullable<Tuning['rates']>): RateSettings {
  const rule = (given: Partial<RateRule>): RateRule => ({
    id: 'default',
    quota: given.limit ?? 10,
    limit: 10,
    windowMs: 60_000,
    burst: given.limit ?? 10,
    pathPrefix: null,
    methods: null,
    key: 'client',
    header: null,
    ...given,
  })
  return { rules: rules.map(rule), maxKeys: 1000, announces }
}

const forwarding = (tuning: Tuning): ForwardingSettings => ({
  xForwarded: true,
  forwarded: true,
  names: 'address',
  ...tuning.forwarding,
})

const pool = (tuning: Tuning) => ({ maxIdlePerHost: 10, idleMs: 60_000, http2: false, ...tuning.pool })

const destinations = ({ destinations: given = opensLoopback }: Tuning): ForwardSettings['destinations'] =>
  destinationSettings({
    allow: [...(given.allow ?? [])],
    deny: [...(given.deny ?? [])],
    connect_ports: [...(given.connect_ports ?? [443, 8443])],
  })

export const forwardTo = (tuning: Tuning = {}): ForwardSettings => ({
  type: 'forward',
  ...common(tuning),
  pool: pool(tuning),
  forwarding: forwarding(tuning),
  destinations: destinations(tuning),
})

export const reverseTo = (target: string, tuning: Tuning = {}): ReverseSettings => ({
  type: 'reverse',
  ...common(tuning),
  pool: pool(tuning),
  forwarding: forwarding(tuning),
  target,
})

export const filesIn = (mounts: readonly MountSettings[], tuning: Tuning = {}): StaticSettings => ({
  type: 'static',
  ...common(tuning),
  mounts,
})

export interface TestEdge {
  readonly edge: DataPlane
  readonly port: number
  readonly admission: CountingAdmission
  readonly services: Readonly<Record<ServiceType, CountingAdmission>>
  readonly logged: {
    readonly level: string
    readonly message: string
    readonly fields?: Record<string, unknown>
  }[]
  /** Exchanges passed to the access log, in order. */
  readonly records: AccessRecord[]
  /** Accepted sockets, in order. */
  readonly accepted: Socket[]
  /** The transports that clients without TLS or HTTP/2 are served on, in order. */
  readonly transports: Transport[]
  counters(type?: ServiceType | 'combined'): CounterValues
  /** The counter block, to read its series. */
  block(type?: ServiceType | 'combined'): CounterBlock
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a data plane fed by a plain net server in this process, as in an instance. */
export async function startEdge(
  services: ServiceSettings | readonly ServiceSettings[],
  options: {
    readonly cleartext?: 'h2'
    readonly limit?: number
    readonly pseudonym?: string
    readonly pauseOnConnect?: boolean
    /** Clients connect by TLS. */
    readonly tls?: boolean
    /** Turns telemetry on. */
    readonly spans?: SpanOutput
    readonly surroundings?: DataPlaneOptions['surroundings']
  } = {},
): Promise<TestEdge> {
  const list = Array.isArray(services) ? services : [services as ServiceSettings]
  const type: WorkerType = list.length === 1 ? (list[0] as ServiceSettings).type : 'combined'
  const admission = new CountingAdmission(options.limit)
  const perService = {
    forward: new CountingAdmission(),
    reverse: new CountingAdmission(),
    static: new CountingAdmission(),
  }
  const blocks: Record<ServiceType | 'combined', CounterBlock> = {
    forward: createCounterBlock(),
    reverse: createCounterBlock(),
    static: createCounterBlock(),
    combined: createCounterBlock(),
  }
  const logged: { level: string; message: string; fields?: Record<string, unknown> }[] = []
  const records: AccessRecord[] = []
  const worker = workerOf(type, list)
  const listen = worker.listen.map((address) => ({ ...address, tls: tlsListenerSettings }))
  const edge = await createDataPlane({
    ...(options.tls ? { worker: { ...worker, listen }, tls: [tlsListenerMaterial()] } : { worker }),
    maxConnections: list.reduce((sum, service) => sum + service.maxConnections, 0),
    admissions: { worker: admission, services: type === 'combined' ? perService : {} },
    counters: blocks,
    accessLogOf: () => ({ write: (record) => records.push(record) }),
    spans: options.spans ?? null,
    ...(options.cleartext === undefined ? {} : { cleartext: options.cleartext }),
    ...(options.surroundings === undefined ? {} : { surroundings: options.surroundings }),
    pseudonym: options.pseudonym ?? 'bifrost-test',
    log: (level, message, fields) => logged.push({ level, message, ...(fields ? { fields } : {}) }),
  })
  const accepted: Socket[] = []
  const transports: Transport[] = []
  const server = createServer(
    { noDelay: true, pauseOnConnect: options.pauseOnConnect ?? false },
    (socket) => {
      accepted.push(socket)
      const peer = peerOf(socket, false)
      if (peer === null) {
        socket.destroy()
        return
      }
      const isPlain = options.cleartext === undefined && options.tls !== true
      const transport = isPlain ? transportOf(socket) : null
      if (transport !== null) transports.push(transport)
      edge.accept(transport ?? socket, peer)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    edge,
    port: (server.address() as AddressInfo).port,
    admission,
    services: perService,
    logged,
    records,
    accepted,
    transports,
    counters: (of = type) => readCounters(blocks[of]),
    block: (of = type) => blocks[of],
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      await edge.close()
      await closed
    },
  }
}

export function workerOf(type: WorkerType, services: readonly ServiceSettings[]): WorkerSettings {
  return {
    name: type,
    type,
    listen: [{ host: '127.0.0.1', port: 0 }],
    isolation: 'thread',
    instances: 1,
    maxConnectionsPerClient: null,
    stuckMs: 5_000,
    http2: { enabled: true, maxConcurrentStreams: 100 },
    maxMemoryMb: 512,
    maxCpuPercent: 100,
    services,
  }
}
