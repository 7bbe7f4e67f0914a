/** Lists of the form `key1=value1,key2=value2` in OTEL_* variables. */

/** Decodes a list, percent-encoded as W3C Baggage; undefined if it is malformed or `isPair` rejects a pair. */
export function decodeKeyPairs(
  text: string,
  isPair: (name: string, value: string) => boolean,
): Readonly<Record<string, string>> | undefined {
  const pairs = new Map<string, string>()
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue
    const at = pair.indexOf('=')
    if (at === -1) return undefined
    try {
      const name = decodeURIComponent(pair.slice(0, at).trim())
      const value = decodeURIComponent(pair.slice(at + 1).trim())
      if (!isPair(name, value)) return undefined
      pairs.set(name, value)
    } catch {
      return undefined
    }
  }
  return Object.fromEntries(pairs)
}
