/** The fields of an HTTP/2 request, taken apart. Pure. */

export interface H2Fields {
  readonly method: string
  readonly path: string
  readonly scheme: string
  /** `:authority`; undefined when there is none. */
  readonly authority: string | undefined
  /** Flat, as an HTTP/1.1 request would have them: no pseudo-fields, Host in their place, one Cookie. */
  readonly fields: readonly string[]
  /** Length of all names and values. */
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
        // RFC 9113 8.2.3: crumbs are one field again before they go elsewhere.
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
