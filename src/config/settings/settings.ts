/**
 * Resolved settings of each worker: plain frozen data, the only form of the configuration that reaches a worker. Times
 * are in milliseconds here; the file has seconds, as in the seed.
 */
import type { AccessLogSettings } from '../../telemetry/access-log/format.ts'
import type { TelemetrySettings } from '../../telemetry/export/settings.ts'
import type { LoggingSettings } from '../../telemetry/log/target-settings.ts'
import type { DestinationSettings } from './destinations.ts'
import type { TracingSettings } from './tracing.ts'

/** The seed's ProxyType without `Combined`. */
export type ServiceType = 'forward' | 'reverse' | 'static'
export type WorkerType = ServiceType | 'combined'

/** Where the instances of a worker run: each in its own thread or process, or all in the main thread. */
export type Isolation = 'thread' | 'process' | 'shared'

export interface ListenAddress {
  /** Host name or IP address without brackets. */
  readonly host: string
  /** 0 lets the kernel choose. */
  readonly port: number
}

export interface UnixAddress {
  /** Absolute path of the socket. */
  readonly path: string
  /** Permission bits; undefined: from the umask. */
  readonly mode?: number
}

export type ListenerAddress = ListenAddress | UnixAddress

export interface CertificateSettings {
  /** PEM file with the certificate and its chain. Absolute, like every path in settings. */
  readonly certFile: string
  /** PEM file without a passphrase. */
  readonly keyFile: string
  /** Host names that get it; null: the names in the certificate. */
  readonly names: readonly string[] | null
}

export interface ClientCertificateSettings {
  readonly caFile: string
  /** Whether clients without a valid certificate are rejected. */
  readonly isRequired: boolean
  /** Request header with the subject for the upstream; null: none. */
  readonly subjectHeader: string | null
}

export interface TlsSettings {
  /** At least one; the first is for clients without SNI or with an unknown name. */
  readonly certificates: readonly CertificateSettings[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL names for TLS 1.2, and for 1.3 with the prefix TLS_; null: a modern list. */
  readonly ciphers: string | null
  /** From the accepted connection to the end of the handshake. */
  readonly handshakeMs: number
  /** Null: client certificates are not requested. */
  readonly clients: ClientCertificateSettings | null
}

/** An address of a worker, with TLS and PROXY protocol. */
export type ListenerSettings = ListenerAddress & {
  readonly tls?: TlsSettings
  /** Every connection must begin with a PROXY header. */
  readonly proxyProtocol?: {
    /** Networks of trusted peers; `unix:` for peers on a Unix socket. Connections of others are closed. */
    readonly trusted: readonly string[]
  }
}

export interface TimeoutSettings {
  /** Longest wait for a connection to an upstream. */
  readonly connectMs: number
  /** Keep-alive connections and tunnels without traffic are closed after this time. */
  readonly idleMs: number
  /** Age after which an upstream connection takes no further request; 0: no limit. */
  readonly lifetimeMs: number
  /** Longest life of a tunnel or upgraded connection, even a busy one; 0: no limit. */
  readonly maxTunnelMs: number
  /** From the start of a connection (or the first byte of a later request) to a complete request head. */
  readonly headerMs: number
  /** Longest wait for the upstream's response head, and between two chunks of its body. */
  readonly responseMs: number
}

/** Minimum speed of clients; see src/proxy/exchange/pace.ts. */
export interface PaceSettings {
  /** Longest pause in sending a request body or reading a response. */
  readonly bodyIdleMs: number
  /** 0: no limit. */
  readonly minBytesPerSecond: number
  /** Initial time in which a client may be slower. */
  readonly graceMs: number
  /** From request head to end of response; 0: no limit. */
  readonly exchangeMs: number
  /** How long a client that has sent FIN is kept while no byte moves; 0: as long as the exchange may run. */
  readonly halfClosedMs: number
}

/** Size limits of a request. */
export interface SizeSettings {
  /** Request line and fields together. */
  readonly maxHeadBytes: number
  readonly maxFields: number
  readonly maxTargetBytes: number
  /** 0: no limit. */
  readonly maxBodyBytes: number
}

export interface PoolSettings {
  readonly maxIdlePerHost: number
  /** Idle upstream connections are closed after this time. */
  readonly idleMs: number
  /** Whether HTTP/2 is offered to https: upstreams. */
  readonly http2: boolean
}

/** Which proxies are trusted to report the client address. */
export interface TrustSettings {
  /** Addresses and networks (`192.0.2.0/24`) of proxies in front; empty: none is trusted. */
  readonly proxies: readonly string[]
  /** The field that trusted proxies set; the other one is derived from it. */
  readonly believes: 'x_forwarded' | 'forwarded'
}

/** Which fields describe the client to upstreams. */
export interface ForwardingSettings {
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** How the peer is named: by address, by a random name per connection, or as `unknown` (RFC 7239 6). */
  readonly names: 'address' | 'obfuscated' | 'unknown'
}

/** Access control by client address or network. */
export interface AccessSettings {
  /** Empty: all clients that are not denied. */
  readonly allow: readonly string[]
  /** Takes precedence over `allow`. */
  readonly deny: readonly string[]
}

/** A password: its text, or a hash of it. */
export interface PasswordSettings {
  readonly form: 'plain' | 'bcrypt' | 'scrypt'
  readonly text: string
}

/** Basic authentication. */
export interface AuthSettings {
  readonly realm: string
  /** At least one. */
  readonly users: readonly { readonly name: string; readonly password: PasswordSettings }[]
  /** How long the result of a comparison is cached. */
  readonly cacheMs: number
  /** Whether credentials are forwarded to the upstream; never true in a forward proxy. */
  readonly forwards: boolean
}

export interface RateRule {
  readonly id: string
  /** Announced limit of the worker; `limit` is the share of one instance. */
  readonly quota: number
  /** Requests per window; tokens refill evenly. */
  readonly limit: number
  readonly windowMs: number
  /** Requests that may arrive at once after a pause. */
  readonly burst: number
  /** Covers everything below it; Latin-1, one character per byte. Null: every path, and CONNECT, which has none. */
  readonly pathPrefix: string | null
  /** Null: all. */
  readonly methods: readonly string[] | null
  /** Requests without user or header count for their client. */
  readonly key: 'client' | 'user' | 'header'
  /** Lower-case; null unless `key` is `header`. */
  readonly header: string | null
}

export interface RateSettings {
  /** All rules that match a request apply. */
  readonly rules: readonly RateRule[]
  /** Keys of a rule with their own bucket. */
  readonly maxKeys: number
  /** Whether every response has RateLimit fields, or only 429. */
  readonly announces: boolean
}

interface ServiceCommon {
  readonly tracing: TracingSettings
  /** Null: no limit. */
  readonly rates: RateSettings | null
  /** Null: no authentication. */
  readonly auth: AuthSettings | null
  /** Null: all clients. */
  readonly access: AccessSettings | null
  readonly trust: TrustSettings
  /** X-Request-Id; null: none is generated, and that of a client is forwarded unchanged. */
  readonly requestId: { readonly inResponse: boolean } | null
  readonly maxConnections: number
  readonly maxMemoryMb: number
  /** Share of the CPU available to the daemon, 100 = all of it. */
  readonly maxCpuPercent: number
  readonly timeouts: TimeoutSettings
  readonly pace: PaceSettings
  readonly sizes: SizeSettings
  /** Null: no access log. */
  readonly accessLog: AccessLogSettings | null
}

export interface ForwardSettings extends ServiceCommon {
  readonly type: 'forward'
  readonly destinations: DestinationSettings
  readonly pool: PoolSettings
  readonly forwarding: ForwardingSettings
}

export interface ReverseSettings extends ServiceCommon {
  readonly type: 'reverse'
  readonly pool: PoolSettings
  readonly forwarding: ForwardingSettings
  /** Absolute http: or https: URL; its path is a prefix of every upstream path. */
  readonly target: string
}

export interface MountSettings {
  /** URL path prefix with a leading and without a trailing slash; `/` for everything. */
  readonly path: string
  /** Absolute directory. */
  readonly rootDir: string
  readonly spaMode: boolean
  /** Relative to rootDir. */
  readonly spaFallbackFile: string
  readonly indexFiles: readonly string[]
}

export interface StaticSettings extends ServiceCommon {
  readonly type: 'static'
  readonly mounts: readonly MountSettings[]
}

export type ServiceSettings = ForwardSettings | ReverseSettings | StaticSettings

export interface Http2Settings {
  /** Whether HTTP/2 is offered to TLS clients. */
  readonly enabled: boolean
  /** Concurrent requests per HTTP/2 connection. */
  readonly maxConcurrentStreams: number
}

/** One configured worker. `combined` holds two or three services behind one listener, the others exactly one. */
export interface WorkerSettings {
  /** `forward_proxy`, `reverse_proxy`, `static_files` or `combined`. */
  readonly name: string
  readonly type: WorkerType
  readonly listen: readonly ListenerSettings[]
  readonly isolation: Isolation
  readonly instances: number
  /** Open connections of one client (an IPv4 address or an IPv6 /64); null: no limit. */
  readonly maxConnectionsPerClient: number | null
  /** Time after which an instance with a blocked event loop is replaced. */
  readonly stuckMs: number
  readonly http2: Http2Settings
  readonly maxMemoryMb: number
  readonly maxCpuPercent: number
  readonly services: readonly ServiceSettings[]
}

export interface AdminSettings {
  readonly enabled: boolean
  readonly listen: ListenerAddress
  /** Token that permits changes; undefined: read from `tokenFile`. */
  readonly token: string | undefined
  /** Null: the default path. */
  readonly tokenFile: string | null
  /** Null: HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** Host names that requests may use besides its own, localhost and IP addresses. */
  readonly hosts: readonly string[]
  /** Whether only this machine can connect; otherwise reading needs the token too. */
  readonly isLocal: boolean
}

export interface DaemonSettings {
  readonly workers: readonly WorkerSettings[]
  readonly admin: AdminSettings
  /** Embedded upstream for demonstrations; null: none. */
  readonly demoUpstream: ListenAddress | null
  /** The daemon's own log; null: not configured. */
  readonly logging: LoggingSettings | null
  /** Null: nothing is exported. */
  readonly telemetry: TelemetrySettings | null
  readonly drainTimeoutMs: number
}
