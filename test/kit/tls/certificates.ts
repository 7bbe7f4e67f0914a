/** Makes X.509 v3 certificates (P-256) in memory, so that no test depends on an installed program. */
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key, both as PEM. */
export interface Made {
  readonly cert: string
  readonly key: string
  readonly privateKey: KeyObject
  readonly subject: string
}

export interface Wanted {
  readonly subject: string
  /** DNS names. */
  readonly names?: readonly string[]
  /** The certificate is self-signed without an issuer. */
  readonly issuer?: Made
  readonly isAuthority?: boolean
  readonly from?: Date
  readonly until?: Date
}

const day = 24 * 3600 * 1000

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes))
const time = (date: Date) =>
  der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
const nameOf = (common: string) =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(common)))))
const extension = (id: number, value: Uint8Array) => sequence(oid(0x55, 0x1d, id), der(0x04, value))
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))

export function makeCertificate(wanted: Wanted): Made {
  const { subject, names = [], issuer, isAuthority = false } = wanted
  const { from = new Date(Date.now() - day), until = new Date(Date.now() + 30 * day) } = wanted
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extensions = [
    extension(0x13, sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(names.length === 0
      ? []
      : [extension(0x11, sequence(...names.map((name) => der(0x82, Buffer.from(name)))))]),
  ]
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer?.subject ?? subject),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = createSign('sha256')
    .update(signed)
    .sign(issuer?.privateKey ?? privateKey)
  const whole = sequence(signed, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
    subject,
  }
}

/** Writes `NAME.pem` and `NAME.key` into a directory; returns their paths as the configuration names them. */
export function writeCertificate(
  directory: string,
  name: string,
  made: Made,
): { readonly cert: string; readonly key: string } {
  writeFileSync(join(directory, `${name}.pem`), made.cert)
  writeFileSync(join(directory, `${name}.key`), made.key)
  return { cert: `${name}.pem`, key: `${name}.key` }
}
