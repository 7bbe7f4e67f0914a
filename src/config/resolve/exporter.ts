/** Exporter settings of one signal, from `telemetry` and, for absent keys, OTEL_EXPORTER_OTLP_* variables. */
import { resolve } from 'node:path'
import type { ExporterSettings, Signal } from '../../telemetry/export/settings.ts'
import { readAuthorities, readPair } from '../../tls/certificate.ts'
import { collectorUrlFault, grpcNames, isGrpcHeaderName, isHeaderName } from '../schema/fields.ts'
import type { Config } from '../schema/schema.ts'
import type { OtelEnvironment } from './environment.ts'
import { decodeKeyPairs } from './key-pairs.ts'
import { toMs } from './listeners.ts'

type Block = NonNullable<Config['telemetry']>
type Protocol = ExporterSettings['protocol']

const otlp = 'OTEL_EXPORTER_OTLP'

/** The variable of the signal before the general one. */
const variables = (signal: Signal, what: string) => [
  `${otlp}_${signal.toUpperCase()}_${what}`,
  `${otlp}_${what}`,
]

export const endpointVariable = (signal: Signal): string => `${otlp}_${signal.toUpperCase()}_ENDPOINT`

/** The protocol of a signal if the file does not set one. */
export const protocolOf = (env: OtelEnvironment, signal: Signal): Protocol =>
  env.oneOf<Protocol>(['http/protobuf', 'grpc'], ...variables(signal, 'PROTOCOL')) ?? 'http/protobuf'

export class ExporterReader {
  readonly #block: Block | undefined
  readonly #env: OtelEnvironment
  readonly #open: (value: string) => string

  /** `open` decrypts `{encrypted}` values. */
  constructor(block: Block | undefined, env: OtelEnvironment, open: (value: string) => string) {
    this.#block = block
    this.#env = env
    this.#open = open
  }

  /** Null if neither file nor environment configures an endpoint. */
  read(signal: Signal): ExporterSettings | null {
    const env = this.#env
    const protocol = this.#block?.protocol ?? protocolOf(env, signal)
    const url = this.#url(signal, protocol)
    if (url === null) return null
    const { timeout_secs: timeout, compression } = this.#block ?? {}
    return {
      url,
      protocol,
      headers: this.#headers(signal, protocol),
      timeoutMs:
        timeout === undefined ? (env.timeout(...variables(signal, 'TIMEOUT')) ?? 10_000) : toMs(timeout),
      compression: compression ?? env.oneOf(['gzip', 'none'], ...variables(signal, 'COMPRESSION')) ?? 'none',
      tls: this.#tls(signal),
    }
  }

  #url(signal: Signal, protocol: Protocol): string | null {
    const { endpoint } = this.#block ?? {}
    const own =
      endpoint === undefined ? this.#endpoint(endpointVariable(signal), signal, protocol) : undefined
    // The variable of one signal contains the complete URL.
    if (own !== undefined) return own
    const fallback = protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318'
    const base =
      endpoint ??
      this.#endpoint(`${otlp}_ENDPOINT`, signal, protocol) ??
      (this.#block === undefined ? undefined : fallback)
    if (base === undefined) return null
    return protocol === 'grpc' ? base : `${base.replace(/\/$/, '')}/v1/${signal}`
  }

  #endpoint(name: string, signal: Signal, protocol: Protocol): string | undefined {
    return this.#env.read([name], 'must be an http: or https: URL without user name', (value) => {
      const isInsecure = this.#env.is(...variables(signal, 'INSECURE'))
      // gRPC also accepts host:port.
      const hasScheme = /^[a-z]+:\/\//i.test(value)
      const url = hasScheme || protocol !== 'grpc' ? value : `${isInsecure ? 'http' : 'https'}://${value}`
      return collectorUrlFault(url) === undefined ? url : undefined
    })
  }

  /** Variables of the signal override the general ones; the file overrides both. */
  #headers(signal: Signal, protocol: Protocol): Readonly<Record<string, string>> {
    const isName = protocol === 'grpc' ? isGrpcHeaderName : isHeaderName
    const isPair = (name: string, value: string) => isName(name) && /^[\x20-\x7e]*$/.test(value)
    const names = protocol === 'grpc' ? `; names over gRPC: ${grpcNames}` : ''
    const given = [
      ...variables(signal, 'HEADERS')
        .toReversed()
        .map((variable) =>
          this.#env.read([variable], `must be name=value pairs separated by commas${names}`, (value) =>
            decodeKeyPairs(value, isPair),
          ),
        ),
      this.#block?.headers,
    ].flatMap((headers, at) =>
      Object.entries(headers ?? {}).map(
        ([name, value]) => [name.toLowerCase(), at === 2 ? this.#open(value) : value] as const,
      ),
    )
    return Object.fromEntries(given)
  }

  #tls(signal: Signal): ExporterSettings['tls'] {
    const { tls } = this.#block ?? {}
    if (tls !== undefined)
      return { caFile: tls.ca ?? null, certFile: tls.cert ?? null, keyFile: tls.key ?? null }
    const caFile = this.#env.read(
      variables(signal, 'CERTIFICATE'),
      'must be a file with certificates in PEM',
      (value) => ('fault' in readAuthorities(resolve(value)) ? undefined : resolve(value)),
    )
    return { caFile: caFile ?? null, ...this.#pair(signal) }
  }

  #pair(signal: Signal): Pick<ExporterSettings['tls'], 'certFile' | 'keyFile'> {
    const none = { certFile: null, keyFile: null }
    const cert = this.#env.find(...variables(signal, 'CLIENT_CERTIFICATE'))
    const key = this.#env.find(...variables(signal, 'CLIENT_KEY'))
    if (cert === undefined || key === undefined) {
      const alone = cert ?? key
      if (alone !== undefined)
        this.#env.warn(alone.name, 'a client certificate and its key must be set together')
      return none
    }
    const files = { certFile: resolve(cert.value), keyFile: resolve(key.value) }
    const read = readPair(files.certFile, files.keyFile, null)
    if ('pair' in read) return files
    if (read.fault.at === 'key')
      this.#env.warn(key.name, `must be a file with the key of ${cert.name} in PEM, without a passphrase`)
    else this.#env.warn(cert.name, 'must be a file with a certificate in PEM')
    return none
  }
}
