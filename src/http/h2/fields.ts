/** Splits the fields of an HTTP/2 request into pseudo-fields and ordinary ones. Pure. */

export interface H2Fields {
  readonly method: string
  readonly path: string
  readonly scheme: string
  /** `:authority`, or undefined. */
  readonly authority: string | undefined
  /** Flat, as in an HTTP/1.1 request: no pseudo-fields, Host in place of `:authority`, a single Cookie. */
  readonly fields: readonly string[]
  /** Total length of names and values. */
  readonly bytes: number
}

export function readH2Fields(raw: readonly string[]): H2Fields {
  const fields: string[] = []
  let [method, path, scheme] = ['', '', '']
  let authority: string | undefined
  let cookieAt = -1
  let hasHost = false
  let bytes = 0
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    bytes += name.length + value.length
    switch (name) {
      case ':method':
        method = value
        break
      case ':path':
        path = value
        break
      case ':scheme':
        scheme = value
        break
      case ':authority':
        authority = value
        break
      case 'cookie':
        // RFC 9113 8.2.3: Cookie crumbs are joined into one field before they are forwarded.
        if (cookieAt === -1) cookieAt = fields.push(name, value) - 1
        else fields[cookieAt] += `; ${value}`
        break
      default:
        if (name === 'host') hasHost = true
        if (name.charCodeAt(0) !== 0x3a) fields.push(name, value)
    }
  }
  if (!hasHost && authority !== undefined) fields.unshift('host', authority)
  return { method, path, scheme, authority, fields, bytes }
}
