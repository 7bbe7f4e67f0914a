/**
 * The paths that a request may mean to its upstream, for rate limits of a path. Pure.
 *
 * Servers disagree about a path: some resolve dot segments, decode twice, drop what follows a semicolon, ignore case. A limit is of use
 * only if no spelling goes around it, so a rule applies when any of the readings is below its prefix.
 */

/** `every`: no reading can be relied on, so every rule applies. Null for CONNECT, which has no path. */
export type RatePath = readonly string[] | 'every' | null

/** `path` as it came, without authority. */
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

/** Whether a rule for `prefix` counts the request. */
export function isLimited(prefix: string, path: RatePath): boolean {
  if (path === null) return false
  if (path === 'every' || prefix === '/') return true
  const lower = prefix.toLowerCase()
  return path.some((reading) => reading.startsWith(lower) && endsSegment(reading, lower.length))
}

/** A segment ends at a slash, and at what some servers end it at: path parameters, an escaped query, a blank. */
function endsSegment(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === 0x2f || isDropped(text.charCodeAt(at))
}

const isDropped = (code: number): boolean => isBlank(code) || code === 0x3b || code === 0x3f || code === 0x23

const isBlank = (code: number): boolean => code <= 0x20 || code === 0x7f

/** A segment without path parameters, and without the dots and blanks at its end that Windows drops; null for `..` in any spelling. */
function stripSegment(segment: string): string | null {
  let end = 0
  while (end < segment.length && !isParameter(segment.charCodeAt(end))) end += 1
  while (end > 0 && isBlank(segment.charCodeAt(end - 1))) end -= 1
  const before = end
  while (end > 0 && (segment.charCodeAt(end - 1) === 0x2e || isBlank(segment.charCodeAt(end - 1)))) end -= 1
  return end === 0 && before > 1 ? null : segment.slice(0, end)
}

const isParameter = (code: number): boolean => code === 0x3b || code === 0x3f || code === 0x23

/** NUL ends a path for some, a backslash is a slash for some, and an overlong UTF-8 sequence is another character for some. */
const hasNoSingleMeaning = (decoded: string): boolean => ambiguous.test(decoded)

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it looks for
const ambiguous = /[\x00\\\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/

/** Any character but those that every server reads alike, and empty segments or dots at either end of one. */
const needsCare = /[^\w\-~/.!$&'()*+,:=@]|\/[/.]|\.(?:\/|$)/
const brokenEscape = /%(?![0-9a-f]{2})/i
const anyEscape = /%[0-9a-f]{2}/i
const everyEscape = /%([0-9a-f]{2})/gi

/** Each byte becomes one character. */
const decode = (text: string): string =>
  text.replace(everyEscape, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
