/** Reads certificate and key files and checks them before any client is served with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Describes what is wrong with which of the two files. */
export interface PairFault {
  readonly at: 'cert' | 'key' | 'names'
  /** Says what is wrong and what would be right. Never contains key material. */
  readonly message: string
}

export interface Pair {
  /** PEM text. */
  readonly cert: string
  /** PEM text. */
  readonly key: string
  /** Host names served with this pair, in lower case: the configured ones, or those in the certificate. */
  readonly names: readonly string[]
  /** Non-fatal problem to log, such as an expired certificate. */
  readonly warning?: string
}

const maxBytes = 1024 * 1024

const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOENT: 'does not exist; a relative path starts from the directory of the configuration file',
    ENOTDIR: 'does not exist; a part of its path is no directory',
    EACCES: 'may not be read by this user (permission denied)',
    EISDIR: 'is a directory; name the file in it',
  }),
)

/** Reads a PEM file; returns a fault text on failure. */
function readPem(file: string): { readonly pem: string } | { readonly fault: string } {
  const shown = JSON.stringify(file)
  try {
    const stats = statSync(file)
    if (!stats.isFile())
      return { fault: `${shown} ${stats.isDirectory() ? reasons.get('EISDIR') : 'is no file'}` }
    if (stats.size > maxBytes) return { fault: `${shown} is larger than 1 MiB; no PEM file is` }
    return { pem: readFileSync(file, 'latin1') }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return { fault: `${shown} ${reasons.get(code) ?? `cannot be read: ${message}`}` }
  }
}

/**
 * Reads a certificate chain and its key and checks that they match. `names` are the configured host names;
 * null takes the certificate's own. `now` is in milliseconds.
 */
export function readPair(
  certFile: string,
  keyFile: string,
  names: readonly string[] | null,
  now: number = Date.now(),
): { readonly pair: Pair } | { readonly fault: PairFault } {
  const cert = readPem(certFile)
  if ('fault' in cert) return { fault: { at: 'cert', message: cert.fault } }
  const key = readPem(keyFile)
  if ('fault' in key) return { fault: { at: 'key', message: key.fault } }
  const chain = parseCertificates(cert.pem)
  if (typeof chain === 'string')
    return { fault: { at: 'cert', message: `${JSON.stringify(certFile)} ${chain}` } }
  const [own] = chain
  const parsed = parseKey(key.pem)
  if (typeof parsed === 'string')
    return { fault: { at: 'key', message: `${JSON.stringify(keyFile)} ${parsed}` } }
  const fault = faultOf(own, parsed, cert.pem, key.pem, names)
  if (fault !== null) return { fault }
  const warning = warningOf(own, certFile, now)
  return {
    pair: {
      cert: cert.pem,
      key: key.pem,
      names: (names ?? namesOf(own)).map((name) => name.toLowerCase()),
      ...(warning === null ? {} : { warning }),
    },
  }
}

/** Reads the certificates of authorities as PEM text; returns a fault text on failure. */
export function readAuthorities(file: string): { readonly pem: string } | { readonly fault: string } {
  const read = readPem(file)
  if ('fault' in read) return read
  const parsed = parseCertificates(read.pem)
  return typeof parsed === 'string' ? { fault: `${JSON.stringify(file)} ${parsed}` } : read
}

type Chain = readonly [X509Certificate, ...X509Certificate[]]

function parseCertificates(pem: string): Chain | string {
  const blocks =
    pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]+-----/g) ?? []
  if (blocks.length === 0) {
    const other = /PRIVATE KEY-----/.test(pem) ? 'has a key and no certificate' : 'has no certificate'
    return `${other}; must be PEM text with -----BEGIN CERTIFICATE-----`
  }
  const parsed: X509Certificate[] = []
  for (const [index, block] of blocks.entries()) {
    try {
      parsed.push(new X509Certificate(block))
    } catch {
      return `has a certificate (number ${index + 1}) that cannot be read; is the file whole?`
    }
  }
  return parsed as unknown as Chain
}

function parseKey(pem: string): KeyObject | string {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return 'has no private key; must be PEM text with -----BEGIN PRIVATE KEY-----'
  if (/ENCRYPTED/.test(pem))
    return 'has a passphrase, which the daemon cannot type in; write the key without one: openssl pkey -in FILE -out NEW'
  try {
    return createPrivateKey(pem)
  } catch {
    return 'has a private key that cannot be read; is the file whole?'
  }
}

function faultOf(
  own: X509Certificate,
  key: KeyObject,
  certPem: string,
  keyPem: string,
  names: readonly string[] | null,
): PairFault | null {
  if (!own.checkPrivateKey(key)) {
    const message = 'is not the key of this certificate; give the key that the certificate was asked for with'
    return { at: 'key', message }
  }
  try {
    createSecureContext({ cert: certPem, key: keyPem })
  } catch (error) {
    return { at: 'cert', message: `is refused by OpenSSL: ${(error as Error).message}` }
  }
  const stray = names?.find((name) => !covers(own, name))
  if (stray === undefined) return null
  const right = namesOf(own).join(', ') || 'no host name'
  return {
    at: 'names',
    message: `has ${JSON.stringify(stray)}, but the certificate is made out for ${right}`,
  }
}

function covers(own: X509Certificate, name: string): boolean {
  if (name.startsWith('*.')) return namesOf(own).includes(name.toLowerCase())
  return own.checkHost(name) !== undefined
}

/** The certificate's DNS names; without any, its common name (RFC 6125 6.4.4). */
function namesOf(own: X509Certificate): readonly string[] {
  const alternative = own.subjectAltName?.match(/(?<=DNS:)[^,"\s]+/g) ?? []
  const common = /^CN=(\S+)$/m.exec(own.subject)?.[1]
  const names = alternative.length > 0 || common === undefined ? alternative : [common]
  return names.map((name) => name.toLowerCase())
}

function warningOf(own: X509Certificate, file: string, now: number): string | null {
  if (Date.parse(own.validTo) < now) return `certificate ${file} has expired (${own.validTo})`
  return Date.parse(own.validFrom) > now ? `certificate ${file} is not valid before ${own.validFrom}` : null
}
