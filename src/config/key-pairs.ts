/** `key1=value1,key2=value2` of OTEL_EXPORTER_OTLP_HEADERS, percent-encoded as W3C Baggage; undefined when it is none. */
export function decodeKeyPairs(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {}
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue
    const at = pair.indexOf('=')
    if (at === -1) return undefined
    try {
      const name = decodeURIComponent(pair.slice(0, at).trim())
      const value = decodeURIComponent(pair.slice(at + 1).trim())
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined
      pairs[name] = value
    } catch {
      return undefined
    }
  }
  return pairs
}
