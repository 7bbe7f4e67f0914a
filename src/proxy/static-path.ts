import type { ErrorCode } from '../errors.ts'

/**
 * Request target -> names below a root. Pure; what it lets through can only lead down, the rest is refused here,
 * before the file system is asked. (Links are the file system's part: static-disk.ts.)
 *
 *   /docs/caf%C3%A9/menu.txt?x=1
 *   |mount|---segments----| |search|     each segment is decoded once, after the split at '/'
 */
export interface StaticPath {
  /** As received, without the query. */
  readonly pathname: string
  /** `?` and what follows, or empty. */
  readonly search: string
  /** Decoded names below the mount; none contains a separator or a control character or is `.` or `..`. */
  readonly segments: readonly string[]
  /** The path ends in a slash: it can only mean a directory. */
  readonly isDirectory: boolean
}

const outsideUri = /[^\x21-\x7e]|#/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafeInName = /[\x00-\x1f\x7f/\\]/

/**
 * Reads the path of a request for a mount (seed S058, W03): `segments` to join to the mount's root, or the code to
 * answer with: BAD_TARGET (not origin-form), BAD_PATH (cannot name a file), NOT_FOUND (not served on purpose).
 */
export function readStaticPath(target: string, mountPath: string): StaticPath | ErrorCode {
  if (!target.startsWith('/')) return 'BAD_TARGET'
  if (outsideUri.test(target)) return 'BAD_PATH'
  const query = target.indexOf('?')
  const pathname = query === -1 ? target : target.slice(0, query)
  const names: string[] = []
  for (const raw of pathname.slice(1).split('/')) {
    const name = decodeName(raw)
    if (name === undefined) return 'BAD_PATH'
    names.push(name)
  }
  const isDirectory = names.at(-1) === ''
  if (isDirectory) names.pop()
  const segments = below(mountPath, names)
  if (segments === undefined || segments.some(isHidden)) return 'NOT_FOUND'
  return { pathname, search: query === -1 ? '' : target.slice(query), segments, isDirectory }
}

/** undefined: malformed or overlong UTF-8, a separator or NUL in disguise, or a dot segment. */
function decodeName(raw: string): string | undefined {
  let name = raw
  if (raw.includes('%')) {
    try {
      name = decodeURIComponent(raw)
    } catch {
      return undefined
    }
  }
  return unsafeInName.test(name) || name === '.' || name === '..' ? undefined : name
}

function below(mountPath: string, names: readonly string[]): readonly string[] | undefined {
  const mount = mountPath.split('/').filter((name) => name !== '')
  return mount.every((name, at) => names[at] === name) ? names.slice(mount.length) : undefined
}

/**
 * Empty names come from `//`: joined to a root they would vanish, and one file would have many addresses (and a
 * redirect could name another host). `.well-known` is public by RFC 8615, but only as the first name.
 */
function isHidden(name: string, at: number): boolean {
  return name === '' || (name.startsWith('.') && !(at === 0 && name === '.well-known'))
}

const hasExtension = /\.[^.]+$/
const encodedTwice = /%(?:2e|2f|5c|00)/i

/**
 * Whether a missing path may be a page of a single-page application. Anything with an extension is a missing asset and
 * stays 404, or a script tag would be answered with HTML (W37). A name that is still encoded is a probe, not a page.
 */
export function isPageRoute(segments: readonly string[]): boolean {
  return !hasExtension.test(segments.at(-1) ?? '') && !segments.some((name) => encodedTwice.test(name))
}
