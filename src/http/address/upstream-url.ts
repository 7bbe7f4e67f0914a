/**
 * The URL of an upstream server or collector. The same function checks the configuration and reads the URL
 * when a worker starts, so every URL that passes the check can be read. Pure.
 */
import { canonicalAddress } from './address.ts'
import { formatAuthority, parseAuthority } from './authority.ts'

export interface UpstreamUrl {
  /** `scheme://host:port`. */
  readonly origin: string
  /** Prefix of every request path, without a trailing slash, or ''. */
  readonly basePath: string
}

export type UpstreamUrlResult =
  | { readonly url: UpstreamUrl; readonly fault?: undefined }
  | { readonly url?: undefined; readonly fault: string }

export const notHttpUrl = 'must be an http: or https: URL'

/** Never throws; `fault` names the problem and the correction. */
export function readUpstreamUrl(text: string): UpstreamUrlResult {
  const [, scheme = '', given = '', path = ''] = /^(https?):\/\/([^/?#]+)([\s\S]*)$/i.exec(text) ?? []
  if (scheme === '') return { fault: notHttpUrl }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: URL parsers drop them silently
  if (/[\s\\\u0000-\u001f\u007f]/.test(text)) return { fault: 'must have no spaces and no backslashes' }
  if (given.includes('@')) return { fault: 'must have no user name or password' }
  if (/[?#]/.test(path)) return { fault: 'must have no query (?) and no fragment (#)' }
  const authority = parseAuthority(given, scheme.length === 4 ? 80 : 443)
  if (authority === null || !isUnderstood(text, authority.host)) return { fault: authorityFault(given) }
  if (!/^[\x21-\x7e]*$/.test(path)) {
    return { fault: `must have a path of ASCII characters; write it as ${new URL(text).pathname}` }
  }
  return {
    url: {
      origin: `${scheme.toLowerCase()}://${formatAuthority(authority)}`,
      basePath: withoutLastSlashes(path),
    },
  }
}

function withoutLastSlashes(path: string): string {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1
  return path.slice(0, end)
}

/** HTTP clients parse the URL again, so their parser must find the same host. */
function isUnderstood(text: string, host: string): boolean {
  return URL.canParse(text) && plainHost(new URL(text).hostname) === host
}

/** A host as `parseAuthority` returns it. */
function plainHost(hostname: string): string {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return canonicalAddress(bare) ?? bare
}

function authorityFault(authority: string): string {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? []
  if (host === '') return 'must have one host name or IP address, with an IPv6 address in brackets'
  if (port !== undefined && !isPort(port)) return 'must have a port from 1 to 65535'
  const url = `http://${host}`
  const meant = URL.canParse(url) ? plainHost(new URL(url).hostname) : host
  if (meant !== host && parseAuthority(meant, 80) !== null) {
    return `must name its host in plain form; write ${meant} instead of ${host}`
  }
  const variable = host.includes('$') ? '; variables are not replaced here' : ''
  return `must have a host name or an IP address; ${host} is neither${variable}`
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
