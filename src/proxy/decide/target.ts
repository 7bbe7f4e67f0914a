/** The request target, taken apart (RFC 9112 3.2). Pure. */
import { BifrostError } from '../../errors.ts'
import { readUpstreamUrl, type UpstreamUrl } from '../../http/address/upstream-url.ts'

export interface AbsoluteTarget {
  readonly scheme: 'http' | 'https'
  /** As the client wrote it, unchecked. */
  readonly authority: string
  /** Path and query; starts with a slash. */
  readonly path: string
}

/** Reads absolute-form with an http or https scheme; null when it is another form or scheme. */
export function parseAbsolute(url: string): AbsoluteTarget | null {
  const first = url.charCodeAt(0)
  // Nearly every request of a reverse proxy starts with a slash and ends here.
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

// A backslash is no end here: URL parsers disagree about it, so it must stay in the authority and be refused.
const isAuthorityEnd = (code: number): boolean => code === 0x2f || code === 0x3f || code === 0x23

/**
 * The path that a target means, for finding out whose it is: query dropped, percent-decoded (each byte one character), empty and dot
 * segments resolved. Null when it has no single meaning: a broken escape, NUL, a backslash, or `..` above the root.
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

/** Where a reverse target is, and the path before every request's. Throws CONFIG_INVALID for a URL that `--check` refuses too. */
export function upstreamOf(target: string): UpstreamUrl {
  const { url, fault } = readUpstreamUrl(target)
  if (url === undefined) throw new BifrostError('CONFIG_INVALID', `the reverse target ${fault}`)
  return url
}

/**
 * Whether an upstream may read a path as leading above the one that it is put behind: dot segments counted, with slashes and dots
 * also in their escaped form, escaped more than once too, a backslash as the slash that some take it for, and `..;x` as the `..` that
 * servers with path parameters take it for (RFC 3986 5.2.4).
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

/** The mount that owns a normalised path: the longest one that ends at a segment boundary in it. */
export function ownerOf<M extends { readonly prefix: string }>(
  mounts: readonly M[],
  path: string,
): M | undefined {
  return mounts.find(({ prefix }) => isBelow(prefix, path))
}

/** Whether a normalised path is a prefix, or what lies below it: a prefix ends at a segment boundary. */
export const isBelow = (prefix: string, path: string): boolean =>
  prefix === '/' || path === prefix || (path.startsWith(prefix) && path.charCodeAt(prefix.length) === 0x2f)
