/**
 * What a validated configuration means, worker by worker: plain frozen data, the only form that reaches a worker.
 * Times are milliseconds here; the file has seconds, as in the seed.
 */

import type { AccessLogSettings } from '../../telemetry/access-log/format.ts'
import type { TelemetrySettings } from '../../telemetry/export/settings.ts'
import type { LoggingSettings } from '../../telemetry/log/target-settings.ts'
import type { DestinationSettings } from './destinations.ts'
import type { TracingSettings } from './tracing.ts'

/** A type of work; the seed's ProxyType without `Combined`. */
export type ServiceType = 'forward' | 'reverse' | 'static'
export type WorkerType = ServiceType | 'combined'

/** Where the instances of a worker live: in a thread or a process each, or all in main's own thread. */
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
  /** Permission bits; undefined: what the umask leaves. */
  readonly mode?: number
}

export type ListenerAddress = ListenAddress | UnixAddress

export interface CertificateSettings {
  /** PEM, the chain behind the certificate in it. Absolute, as every file here. */
  readonly certFile: string
  /** PEM without a passphrase. */
  readonly keyFile: string
  /** Host names that get it; null: those that it is made out for. */
  readonly names: readonly string[] | null
}

export interface ClientCertificateSettings {
  readonly caFile: string
  /** Whether a client without a valid certificate is turned away. */
  readonly isRequired: boolean
  /** Request header that tells the upstream the subject; null: none. */
  readonly subjectHeader: string | null
}

export interface TlsSettings {
  /** At least one; the first is for names that no other has, and for clients that name none. */
  readonly certificates: readonly CertificateSettings[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL's names for TLS 1.2 (and 1.3, with TLS_ in front); null: a modern list. */
  readonly ciphers: string | null
  /** From the accepted connection to the end of the handshake. */
  readonly handshakeMs: number
  /** Null: clients are not asked for one. */
  readonly clients: ClientCertificateSettings | null
}

/** Where a worker listens, and what comes before HTTP there. */
export type ListenerSettings = ListenerAddress & {
  readonly tls?: TlsSettings
  /** Every connection begins with a PROXY header. */
  readonly proxyProtocol?: {
    /** Networks whose headers are believed, and `unix:` for peers on a Unix socket; whoever else connects is closed. */
    readonly trusted: readonly string[]
  }
}

export interface TimeoutSettings {
  /** Longest wait for a connection to an upstream. */
  readonly connectMs: number
  /** Keep-alive connections and tunnels without traffic are closed after it. */
  readonly idleMs: number
  /** An upstream connection of this age takes no further request; 0 = no bound. */
  readonly lifetimeMs: number
  /** Longest life of a tunnel or an upgraded connection, however busy it is; 0 = no bound. */
  readonly maxTunnelMs: number
  /** From the start of a connection (or the first byte of a later request) to a whole request head. */
  readonly headerMs: number
  /** Longest wait for the upstream's response head, and between two pieces of its body. */
  readonly responseMs: number
}

/** How slow a client may be; see src/proxy/exchange/pace.ts. */
export interface PaceSettings {
  /** Longest pause within a request body, or in taking an answer. */
  readonly bodyIdleMs: number
  /** Bytes a second that a client has to send or to take at least; 0 = no bound. */
  readonly minBytesPerSecond: number
  /** How long it may be slower than that at first. */
  readonly graceMs: number
  /** From a request head to the end of its answer; 0 = no bound. */
  readonly exchangeMs: number
}

/** How large a request may be. */
export interface SizeSettings {
  /** Request line and fields together, in bytes. */
  readonly maxHeadBytes: number
  readonly maxFields: number
  readonly maxTargetBytes: number
  /** 0 = no bound. */
  readonly maxBodyBytes: number
}

export interface PoolSettings {
  readonly maxIdlePerHost: number
  /** Idle upstream connections are closed after it. */
  readonly idleMs: number
}

/** Whose word is taken for where a request comes from. */
export interface TrustSettings {
  /** Addresses and networks (`192.0.2.0/24`) of proxies in front; empty: nobody is believed. */
  readonly proxies: readonly string[]
  /** Which of X-Forwarded-* and Forwarded they are believed; the other one is made from it. */
  readonly believes: 'x_forwarded' | 'forwarded'
}

/** What an upstream is told about where a request comes from. */
export interface ForwardingSettings {
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** How the peer is named: by its address, by a name made up for its connection, or as `unknown` (RFC 7239 6). */
  readonly names: 'address' | 'obfuscated' | 'unknown'
}

/** Clients by address or network. */
export interface AccessSettings {
  /** Empty: everybody who is not denied. */
  readonly allow: readonly string[]
  /** Stronger than `allow`. */
  readonly deny: readonly string[]
}

/** A password as it is known: its text, or a hash of it. */
export interface PasswordSettings {
  readonly form: 'plain' | 'bcrypt' | 'scrypt'
  readonly text: string
}

/** Basic authentication. */
export interface AuthSettings {
  readonly realm: string
  /** At least one. */
  readonly users: readonly { readonly name: string; readonly password: PasswordSettings }[]
  /** For how long the result of a comparison is believed. */
  readonly cacheMs: number
  /** Whether the upstream is sent the credentials too; in a forward proxy they never are. */
  readonly forwards: boolean
}

export interface RateRule {
  readonly id: string
  /** What is announced; `limit` is the share of it that an instance has. */
  readonly quota: number
  /** Requests for each window, as tokens that come evenly. */
  readonly limit: number
  readonly windowMs: number
  /** Requests that may come at once after a rest. */
  readonly burst: number
  /** Path with what lies below it, as bytes, one character each; null: every path, and CONNECT, which has none. */
  readonly pathPrefix: string | null
  /** Null: all. */
  readonly methods: readonly string[] | null
  /** A request without user or header counts for its client. */
  readonly key: 'client' | 'user' | 'header'
  /** Lower-case; null unless it is the key. */
  readonly header: string | null
}

export interface RateSettings {
  /** A request falls under all that apply to it. */
  readonly rules: readonly RateRule[]
  /** Keys of a rule that have a bucket of their own. */
  readonly maxKeys: number
  /** Whether every response says what is left, or a 429 alone. */
  readonly announces: boolean
}

interface ServiceCommon {
  readonly tracing: TracingSettings
  /** Null: no bound. */
  readonly rates: RateSettings | null
  /** Null: nobody is asked for a password. */
  readonly auth: AuthSettings | null
  /** Null: everybody. */
  readonly access: AccessSettings | null
  readonly trust: TrustSettings
  /** X-Request-Id; null: none is made, and a client's passes as it is. */
  readonly requestId: { readonly inResponse: boolean } | null
  readonly maxConnections: number
  readonly maxMemoryMb: number
  /** Share of the CPU available to the daemon, 100 = all of it. */
  readonly maxCpuPercent: number
  readonly timeouts: TimeoutSettings
  readonly pace: PaceSettings
  readonly sizes: SizeSettings
  /** Null: its exchanges are not logged. */
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
  /** URL path prefix with a leading and without a trailing slash; '/' for everything. */
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
  /** Whether clients that connect with TLS are offered HTTP/2. */
  readonly enabled: boolean
  /** Of one connection. */
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
  /** Open connections of one client (an IPv4 address or an IPv6 /64); null for no bound of its own. */
  readonly maxConnectionsPerClient: number | null
  /** An instance whose event loop does not turn for so long is replaced. */
  readonly stuckMs: number
  readonly http2: Http2Settings
  readonly maxMemoryMb: number
  readonly maxCpuPercent: number
  readonly services: readonly ServiceSettings[]
}

export interface AdminSettings {
  readonly enabled: boolean
  readonly listen: ListenerAddress
  /** What allows to change things; undefined: that of `tokenFile`. */
  readonly token: string | undefined
  /** Null: the default place. */
  readonly tokenFile: string | null
  /** Null: HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** Names by which it may be called, besides its own, localhost and IP addresses. */
  readonly hosts: readonly string[]
  /** Whether only this machine can connect; else reading needs the token too. */
  readonly isLocal: boolean
}

export interface DaemonSettings {
  readonly workers: readonly WorkerSettings[]
  readonly admin: AdminSettings
  /** An embedded upstream for demonstrations; null = none. */
  readonly demoUpstream: ListenAddress | null
  /** The daemon's own log; null: nothing is said about it. */
  readonly logging: LoggingSettings | null
  /** Null: nothing is exported. */
  readonly telemetry: TelemetrySettings | null
  readonly drainTimeoutMs: number
}
