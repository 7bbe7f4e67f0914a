/**
 * The paths that a request may mean to its upstream, for rate limits of a path. Pure.
 *
 * Servers read paths differently: some resolve dot segments, decode twice, drop text after a semicolon or
 * ignore case. A limit must hold for every spelling, so a rule applies if any reading is below its prefix.
 */

/**
 * All readings of a path. `every`: it is ambiguous, so every rule applies. Null for CONNECT, which has no
 * path.
 */
export type RatePath = readonly string[] | 'every' | null

/** `path` as received, without authority. */
export function readRatePath(path: string | null): RatePath {
  if (path === null) return null
  const query = path.indexOf('?')
  const raw = query === -1 ? path : path.slice(0, query)
  if (!needsCare.test(raw)) return [raw.toLowerCase()]
  if (brokenEscape.test(raw)) return 'every'
  const once = decode(raw)
  const twice = decode(once)
  if (anyEscape.test(twice) || hasNoSingleMeaning(twice)) return 'every'
  const readings = new Set<string>()
  for (const decoded of [once, twice]) {
    const [literal, stripped] = [[], []] as [string[], string[]]
    for (const segment of decoded.split('/')) {
      const plain = stripSegment(segment)
      if (plain === null) return 'every'
      if (plain === '') continue
      literal.push(segment)
      stripped.push(plain)
    }
    readings.add(`/${literal.join('/')}`.toLowerCase()).add(`/${stripped.join('/')}`.toLowerCase())
  }
  return [...readings]
}

/** Whether a rule for `prefix` applies to the path. */
export function isLimited(prefix: string, path: RatePath): boolean {
  if (path === null) return false
  if (path === 'every' || prefix === '/') return true
  const lower = prefix.toLowerCase()
  return path.some((reading) => reading.startsWith(lower) && endsSegment(reading, lower.length))
}

/** A segment ends at a slash. Some servers also end it at path parameters, an escaped query or a blank. */
function endsSegment(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === 0x2f || isDropped(text.charCodeAt(at))
}

const isDropped = (code: number): boolean => isBlank(code) || code === 0x3b || code === 0x3f || code === 0x23

const isBlank = (code: number): boolean => code <= 0x20 || code === 0x7f

/**
 * A segment without path parameters and without the trailing dots and blanks that Windows drops; null for any
 * spelling of `..`.
 */
function stripSegment(segment: string): string | null {
  let end = 0
  while (end < segment.length && !isParameter(segment.charCodeAt(end))) end += 1
  while (end > 0 && isBlank(segment.charCodeAt(end - 1))) end -= 1
  const before = end
  while (end > 0 && (segment.charCodeAt(end - 1) === 0x2e || isBlank(segment.charCodeAt(end - 1)))) end -= 1
  return end === 0 && before > 1 ? null : segment.slice(0, end)
}

const isParameter = (code: number): boolean => code === 0x3b || code === 0x3f || code === 0x23

/**
 * Some servers end a path at NUL, read a backslash as a slash, or decode overlong UTF-8 sequences to another
 * character.
 */
const hasNoSingleMeaning = (decoded: string): boolean => ambiguous.test(decoded)

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it looks for
const ambiguous = /[\x00\\\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/

/**
 * Matches any character that servers may read differently, empty segments, and dots at either end of a
 * segment.
 */
const needsCare = /[^\w\-~/.!$&'()*+,:=@]|\/[/.]|\.(?:\/|$)/
const brokenEscape = /%(?![0-9a-f]{2})/i
const anyEscape = /%[0-9a-f]{2}/i
const everyEscape = /%([0-9a-f]{2})/gi

/** Decodes each byte to one character. */
const decode = (text: string): string =>
  text.replace(everyEscape, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
