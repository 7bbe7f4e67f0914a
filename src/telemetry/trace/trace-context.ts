/** Which trace a request belongs to, as W3C Trace Context (level 1) says it. Pure; what is not exactly as it should be is no context. */

export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** Of the sender's span: 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Null: left to whoever joins (B3 only). */
  readonly isSampled: boolean | null
}

/** Version 00 has nothing behind the flags; of a later one more may come, behind a dash. Version ff is none (3.2.2). */
const traceparent =
  /^(?:00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})|(?!00|ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?)$/

/** Null for a field that is no valid one, two of them joined by a comma among them. */
export function parseTraceparent(value: string): TraceContext | null {
  const found = traceparent.exec(value)
  if (found === null) return null
  const traceId = found[1] ?? found[4] ?? ''
  const spanId = found[2] ?? found[5] ?? ''
  const flags = found[3] ?? found[6] ?? ''
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** What the flags of a field say that may be a valid one; costs a nanosecond where the whole look costs a hundred. */
export function seemsSampled(value: string): boolean {
  const digit = value.charCodeAt(54)
  // The last bit of a hex digit is that of its character, but for a to f, where it is the other way round.
  return (digit & 1) === (digit >= 0x61 ? 0 : 1)
}

export function formatTraceparent(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

const maxMembers = 32
const maxRecorded = 512
const longMember = 128

/** 3.3.1: a key, or one of a tenant at a system, and a value of printable characters that does not end in a space. */
const member =
  /^((?:[a-z][a-z\d_*/-]{0,255})|(?:[a-z\d][a-z\d_*/-]{0,240}@[a-z][a-z\d_*/-]{0,13}))=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])$/

/**
 * The list of a `tracestate` that may be passed on and recorded; null for none, or one with a fault: more than 32 members, a key twice, or
 * what is no member. In a record it has 512 characters at most (3.3.1.5): members of more than 128 go first, then the last ones.
 */
export function readTracestate(value: string): string | null {
  const members = value
    .split(',')
    .map(withoutSpace)
    .filter((one) => one !== '')
  if (members.length === 0 || members.length > maxMembers) return null
  const keys = new Set<string>()
  for (const one of members) {
    const key = member.exec(one)?.[1]
    if (key === undefined || keys.has(key)) return null
    keys.add(key)
  }
  return shorten(members)
}

/** A regular expression for the space at the end would look at each space of a run as often as the run is long. */
function withoutSpace(text: string): string {
  let [first, end] = [0, text.length]
  while (first < end && isSpace(text.charCodeAt(first))) first += 1
  while (end > first && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(first, end)
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

function shorten(members: readonly string[]): string {
  const kept = [...members]
  const length = () => kept.reduce((sum, one) => sum + one.length + 1, -1)
  for (let at = kept.length - 1; at >= 0 && length() > maxRecorded; at -= 1) {
    if ((kept[at]?.length ?? 0) > longMember) kept.splice(at, 1)
  }
  while (length() > maxRecorded) kept.pop()
  return kept.join(',')
}
