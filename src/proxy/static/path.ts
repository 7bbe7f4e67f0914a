/** Reads request paths for mounts. */
import type { ErrorCode } from '../../errors.ts'

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
  /** `?` and the query, or empty. */
  readonly search: string
  /** Decoded names below the mount. No name is `.` or `..` or contains a separator or control character. */
  readonly segments: readonly string[]
  /** True if the path ends with a slash and therefore names a directory. */
  readonly isDirectory: boolean
}

const outsideUri = /[^\x21-\x7e]|#/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafeInName = /[\x00-\x1f\x7f/\\]/

/**
 * Reads the path of a request for a mount (seed S058, W03). Returns the segments below the mount's root, or a
 * code: BAD_TARGET (not origin-form), BAD_PATH (cannot name a file), NOT_FOUND (hidden on purpose).
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

/**
 * Decodes one segment; undefined for malformed or overlong UTF-8, an encoded separator or NUL, or a dot
 * segment.
 */
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
 * An empty name comes from `//`: joining would drop it, giving a file many addresses and letting a redirect
 * name another host. `.well-known` is public (RFC 8615), but only as the first name.
 */
function isHidden(name: string, at: number): boolean {
  return name === '' || (name.startsWith('.') && !(at === 0 && name === '.well-known'))
}

const hasExtension = /\.[^.]+$/
const encodedTwice = /%(?:2e|2f|5c|00)/i

/**
 * True if a missing path may be a page of a single-page application. A path with an extension is a missing
 * asset and stays 404, because a script tag must not get HTML (W37). A name that is still encoded is a probe,
 * not a page.
 */
export function isPageRoute(segments: readonly string[]): boolean {
  return !hasExtension.test(segments.at(-1) ?? '') && !segments.some((name) => encodedTwice.test(name))
}
