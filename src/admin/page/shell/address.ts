/** Page addresses: `#/VIEW/PART/PART?key=value`, each part URI-encoded. */
export interface Address {
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

/** Builds an address such as `#/history/reverse_proxy%231?seq=12`. */
export function addressOf(
  view: string,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = [view, ...parts].map(encodeURIComponent).join('/')
  const asked = new URLSearchParams(query).toString()
  return `#/${path}${asked === '' ? '' : `?${asked}`}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function readHash(hash: string): Address & { readonly view: string } {
  const [path = '', asked = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2)
  const [view = '', ...parts] = path.split('/').map(decoded)
  return { view, parts: parts.filter((part) => part !== ''), query: new URLSearchParams(asked) }
}
