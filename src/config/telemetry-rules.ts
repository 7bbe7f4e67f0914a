/** Rules of `telemetry` and `logging` over several keys, and what is only known from files. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { BifrostError } from '../errors.ts'
import { fileFault } from './access-log-rules.ts'
import type { RuleContext } from './rules.ts'

export function checkTelemetry(context: RuleContext): void {
  const { config, report, keyring } = context
  const { telemetry } = config
  if (telemetry === undefined || telemetry.enabled === false) return
  for (const [name, value] of Object.entries(telemetry.headers ?? {})) {
    const path = ['telemetry', 'headers', name]
    try {
      const text = value === undefined ? undefined : keyring.open(value)
      if (text !== undefined && !/^[\x20-\x7e]*$/.test(text))
        report(path, 'is not usable; must be visible ASCII characters when it is decrypted')
    } catch (error) {
      if (!(error instanceof BifrostError)) throw error
      report(path, error.message)
    }
  }
  if (telemetry.tls !== undefined) checkTls(context, telemetry.tls)
  if (telemetry.tls !== undefined && telemetry.endpoint?.startsWith('http:')) {
    report(['telemetry', 'tls'], 'is of no use to an http: endpoint; write https:, or remove it')
  }
}

type Tls = { readonly [Key in 'ca' | 'cert' | 'key']?: string | undefined }

function checkTls({ baseDir, isWritten, report }: RuleContext, tls: Tls): void {
  const at = (key: string) => ['telemetry', 'tls', key]
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (tls[one] !== undefined && !isWritten(at(other)))
      report(at(one), `is of no use without ${other}; add it`)
  }
  const pem: Record<string, Buffer> = {}
  for (const key of ['ca', 'cert', 'key'] as const) {
    const file = tls[key]
    if (file === undefined) continue
    try {
      pem[key] = readFileSync(resolve(baseDir, file))
      if (key === 'ca') createSecureContext({ ca: pem[key] })
      if (key === 'ca' && !pem[key].includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate')
    } catch (error) {
      const { code = 'no certificate' } = error as NodeJS.ErrnoException
      report(at(key), `is ${JSON.stringify(file)}, which cannot be used (${code}); must be a file in PEM`)
      return
    }
  }
  if (pem['cert'] === undefined || pem['key'] === undefined) return
  try {
    createSecureContext({ cert: pem['cert'], key: pem['key'] })
  } catch (error) {
    const { code = 'invalid' } = error as NodeJS.ErrnoException
    report(
      at('key'),
      `does not go with the certificate (${code}); must be its key in PEM, without a passphrase`,
    )
  }
}

export function checkLogging({ config, baseDir, isWritten, report }: RuleContext): void {
  const places = new Map<string, number>()
  for (const [index, target] of (config.logging?.targets ?? []).entries()) {
    if (target?.type === undefined) continue
    const path = ['logging', 'targets', index]
    if (target.type !== 'file' && target.path !== undefined)
      report([...path, 'path'], `is of no use to ${target.type}; write "type": "file", or remove it`)
    if (target.type === 'file' && !isWritten([...path, 'path']))
      report(path, 'has no path; add that of the file')
    if (target.type === 'file' && target.path === undefined) continue
    const place = target.type === 'file' ? resolve(baseDir, target.path ?? '') : target.type
    const other = places.get(place)
    if (other !== undefined) report(path, `is the place of targets[${other}], too; keep one of them`)
    places.set(place, index)
    const fault = target.type === 'file' ? fileFault(place) : undefined
    if (fault !== undefined) report([...path, 'path'], fault)
  }
}
