/** Rules for `telemetry` and `logging`, and for the files that they name. */
import { resolve } from 'node:path'
import { BifrostError } from '../../errors.ts'
import { readAuthorities, readPair } from '../../tls/certificate.ts'
import { OtelEnvironment } from '../resolve/environment.ts'
import { protocolOf } from '../resolve/exporter.ts'
import { grpcNames, isGrpcHeaderName } from '../schema/fields.ts'
import { fileFault } from './access-log.ts'
import type { RuleContext } from './context.ts'

type TelemetryBlock = NonNullable<RuleContext['config']['telemetry']>
type TelemetryTls = NonNullable<TelemetryBlock['tls']>

const signals = ['metrics', 'traces', 'logs'] as const

export function checkTelemetry(context: RuleContext): void {
  const { config, report, keyring } = context
  const { telemetry } = config
  if (telemetry === undefined || telemetry.enabled === false) return
  for (const [name, value] of Object.entries(telemetry.headers ?? {})) {
    const path = ['telemetry', 'headers', name]
    try {
      const text = value === undefined ? undefined : keyring.open(value)
      if (text !== undefined && !/^[\x20-\x7e]*$/.test(text))
        report(path, 'is not usable; must be visible ASCII characters after decryption')
    } catch (error) {
      if (!(error instanceof BifrostError)) throw error
      report(path, error.message)
    }
  }
  checkNames(context, telemetry)
  if (telemetry.tls !== undefined) checkTls(context, telemetry.tls)
  if (telemetry.tls !== undefined && telemetry.endpoint?.startsWith('http:')) {
    report(['telemetry', 'tls'], 'has no effect on an http: endpoint; write https:, or remove it')
  }
}

/** Checks header names if any signal is exported over gRPC. */
function checkNames({ env, report }: RuleContext, { protocol, headers }: TelemetryBlock): void {
  const otel = new OtelEnvironment(env)
  const isGrpc = (
    protocol === undefined ? signals.map((signal) => protocolOf(otel, signal)) : [protocol]
  ).includes('grpc')
  if (!isGrpc) return
  for (const name of Object.keys(headers ?? {})) {
    if (!isGrpcHeaderName(name))
      report(['telemetry', 'headers', name], `is not a header name for gRPC; must be ${grpcNames}`)
  }
}

function checkTls({ baseDir, isWritten, report }: RuleContext, { ca, cert, key }: TelemetryTls): void {
  const at = (name: string) => ['telemetry', 'tls', name]
  const authorities = ca === undefined ? null : readAuthorities(resolve(baseDir, ca))
  if (authorities !== null && 'fault' in authorities) report(at('ca'), authorities.fault)
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (isWritten(at(one)) && !isWritten(at(other))) report(at(one), `has no effect without ${other}; add it`)
  }
  if (cert === undefined || key === undefined) return
  const read = readPair(resolve(baseDir, cert), resolve(baseDir, key), null)
  if ('fault' in read) report(at(read.fault.at), read.fault.message)
}

export function checkLogging({ config, baseDir, isWritten, report }: RuleContext): void {
  const destinations = new Map<string, number>()
  for (const [index, target] of (config.logging?.targets ?? []).entries()) {
    if (target?.type === undefined) continue
    const path = ['logging', 'targets', index]
    if (target.type !== 'file' && target.path !== undefined)
      report([...path, 'path'], `has no effect on ${target.type}; write "type": "file", or remove it`)
    if (target.type === 'file' && !isWritten([...path, 'path']))
      report(path, 'has no path; add the path of the file')
    if (target.type === 'file' && target.path === undefined) continue
    const destination = target.type === 'file' ? resolve(baseDir, target.path ?? '') : target.type
    const other = destinations.get(destination)
    if (other !== undefined)
      report(path, `writes to the same destination as targets[${other}]; keep one of them`)
    destinations.set(destination, index)
    const fault = target.type === 'file' ? fileFault(destination) : undefined
    if (fault !== undefined) report([...path, 'path'], fault)
  }
}
