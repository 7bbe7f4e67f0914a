import type { TLSSocket } from 'node:tls'
import type { WorkerSettings } from '../../config/settings/settings.ts'

/** The subject of a client's certificate, as a field of the requests that go upstream. */
export interface ClientSubject {
  readonly header: string
  /** As in RFC 4514: the innermost part first. */
  readonly value: string
}

/** Null without a certificate, and with one that is not valid. */
export function subjectOf(secure: TLSSocket, header: string): ClientSubject | null {
  // `authorized` alone is also said of a resumed TLS 1.3 session of a client that has shown none.
  const certificate = secure.authorized ? secure.getPeerX509Certificate() : undefined
  return certificate === undefined ? null : { header, value: distinguishedName(certificate.subject) }
}

/** From one part a line, outermost first, to one line of visible ASCII. */
export function distinguishedName(lines: string): string {
  const bytes = Buffer.from(lines.split('\n').reverse().join(','))
  let text = ''
  for (const byte of bytes) {
    const isVisible = byte >= 0x20 && byte < 0x7f
    text += isVisible ? String.fromCharCode(byte) : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** Names under which any listener of the worker tells a subject, as `plain` has them; null when none does. */
export function subjectHeadersOf({ listen }: WorkerSettings): ReadonlySet<string> | null {
  const names = listen.flatMap(({ tls }) => tls?.clients?.subjectHeader ?? [])
  return names.length === 0 ? null : new Set(names.map(plain))
}

/** Takes the fields that only we may set out of flat `fields` and adds the subject. */
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

/** Many an upstream takes `_` for `-`. */
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '-')
