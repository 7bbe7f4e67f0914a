/** Parses request targets (RFC 9112 3.2). Pure. */
import { BifrostError } from '../../errors.ts'
import { readUpstreamUrl, type UpstreamUrl } from '../../http/address/upstream-url.ts'

export interface AbsoluteTarget {
  readonly scheme: 'http' | 'https'
  /** As the client sent it, not validated. */
  readonly authority: string
  /** Path and query; starts with a slash. */
  readonly path: string
}

/** Parses absolute-form with an http or https scheme; null for any other form or scheme. */
export function parseAbsolute(url: string): AbsoluteTarget | null {
  const first = url.charCodeAt(0)
  // Hot path: nearly every request of a reverse proxy starts with a slash.
  if (first === 0x2f) return null
  const scheme = /^https?:\/\//i.exec(url)?.[0]
  if (scheme === undefined) return null
  let end = scheme.length
  while (end < url.length && !isAuthorityEnd(url.charCodeAt(end))) end += 1
  const rest = url.slice(end)
  return {
    scheme: scheme.length === 7 ? 'http' : 'https',
    authority: url.slice(scheme.length, end),
    path: rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`,
  }
}

// A backslash does not end the authority: URL parsers disagree about it, so it must stay there and be
// refused.
const isAuthorityEnd = (code: number): boolean => code === 0x2f || code === 0x3f || code === 0x23

/**
 * The path that decides the service: query removed, percent-decoded (one character per byte), empty and dot
 * segments resolved. Null if it has no single meaning: a broken escape, NUL, a backslash, or `..` above the
 * root.
 */
export function normalisePath(target: string): string | null {
  const query = target.indexOf('?')
  const raw = query === -1 ? target : target.slice(0, query)
  if (!needsCare.test(raw)) return raw
  const decoded = percentDecode(raw)
  if (decoded === null || decoded.includes('\0') || decoded.includes('\\')) return null
  const kept: string[] = []
  const segments = decoded.split('/')
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.pop() === undefined) return null
  }
  const last = segments.at(-1)
  const isDirectory = last === '' || last === '.' || last === '..'
  return kept.length === 0 ? '/' : `/${kept.join('/')}${isDirectory ? '/' : ''}`
}

const needsCare = /[%\\\0]|\/\/|\/\./

function percentDecode(text: string): string | null {
  if (/%(?![0-9a-f]{2})/i.test(text)) return null
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Parses the URL of a reverse target. Throws CONFIG_INVALID for a URL that `--check` refuses too. */
export function upstreamOf(target: string): UpstreamUrl {
  const { url, fault } = readUpstreamUrl(target)
  if (url === undefined) throw new BifrostError('CONFIG_INVALID', `the reverse target ${fault}`)
  return url
}

/**
 * Whether an upstream may read the path as leading above the path that it is appended to. Counts dot
 * segments; slashes and dots may also be escaped, more than once; a backslash counts as a slash, and `..;x`
 * as `..`, since some servers read them so (RFC 3986 5.2.4).
 */
export function leavesRoot(target: string): boolean {
  const query = target.indexOf('?')
  const raw = query === -1 ? target : target.slice(0, query)
  if (!mayHaveDots.test(raw)) return false
  const path = raw.replace(escapedPercent, '%').replace(/%2e/gi, '.')
  let depth = 0
  for (const part of path.split(/[/\\]|%2f|%5c/i)) {
    const segment = withoutParameters(part)
    if (segment === '' || segment === '.') continue
    depth += segment === '..' ? -1 : 1
    if (depth < 0) return true
  }
  return false
}

/** Two dots, or an escape that may hide a dot, a slash or a percent sign. */
const mayHaveDots = /\.\.|%2/i
const escapedPercent = /%(?:25)+/g

function withoutParameters(segment: string): string {
  const at = segment.search(/;|%3b/i)
  return at === -1 ? segment : segment.slice(0, at)
}

/** The mount that owns a normalised path: the longest prefix that ends at a segment boundary. */
export function ownerOf<M extends { readonly prefix: string }>(
  mounts: readonly M[],
  path: string,
): M | undefined {
  return mounts.find(({ prefix }) => isBelow(prefix, path))
}

/** Whether a normalised path equals the prefix or lies below it; a prefix ends at a segment boundary. */
export const isBelow = (prefix: string, path: string): boolean =>
  prefix === '/' || path === prefix || (path.startsWith(prefix) && path.charCodeAt(prefix.length) === 0x2f)
