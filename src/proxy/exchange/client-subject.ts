/** The subject of a client certificate as a request field. */
import type { TLSSocket } from 'node:tls'
import type { WorkerSettings } from '../../config/settings/settings.ts'

/** The subject of a client certificate, sent as a field of upstream requests. */
export interface ClientSubject {
  readonly header: string
  /** The subject as in RFC 4514: innermost part first. */
  readonly value: string
}

/** Null without a certificate, or with an invalid one. */
export function subjectOf(secure: TLSSocket, header: string): ClientSubject | null {
  // `authorized` is also true for a resumed TLS 1.3 session of a client that has presented no certificate.
  const certificate = secure.authorized ? secure.getPeerX509Certificate() : undefined
  return certificate === undefined ? null : { header, value: distinguishedName(certificate.subject) }
}

/** Converts one part per line, outermost first, to one line of visible ASCII. */
export function distinguishedName(lines: string): string {
  const bytes = Buffer.from(lines.split('\n').reverse().join(','))
  let text = ''
  for (const byte of bytes) {
    const isVisible = byte >= 0x20 && byte < 0x7f
    text += isVisible ? String.fromCharCode(byte) : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** Normalised names of the subject fields of all listeners of the worker, or null. */
export function subjectHeadersOf({ listen }: WorkerSettings): ReadonlySet<string> | null {
  const names = listen.flatMap(({ tls }) => tls?.clients?.subjectHeader ?? [])
  return names.length === 0 ? null : new Set(names.map(plain))
}

/** Removes the fields that only this proxy may set from flat `fields`, and adds the subject. */
export function withSubject(
  fields: readonly string[],
  reserved: ReadonlySet<string>,
  subject: ClientSubject | null,
): string[] {
  const out: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (!reserved.has(plain(name))) out.push(name, fields[at + 1] as string)
  }
  if (subject !== null) out.push(subject.header, subject.value)
  return out
}

/** Many upstreams treat `_` as `-`. */
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '-')
