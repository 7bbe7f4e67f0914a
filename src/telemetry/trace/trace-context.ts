/** Reads the trace context of a request (W3C Trace Context, level 1). Pure; a malformed field is ignored. */

export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** The sender's span: 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Null if the sender leaves the decision to the receiver (B3 only). */
  readonly isSampled: boolean | null
}

/**
 * Version 00 ends after the flags; a later version may add more after a dash. Version ff is invalid (3.2.2).
 */
const traceparent =
  /^(?:00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})|(?!00|ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?)$/

/** Null for an invalid field, including two fields joined by a comma. */
export function parseTraceparent(value: string): TraceContext | null {
  const found = traceparent.exec(value)
  if (found === null) return null
  const traceId = found[1] ?? found[4] ?? ''
  const spanId = found[2] ?? found[5] ?? ''
  const flags = found[3] ?? found[6] ?? ''
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Reads the sampled flag of a field that may be valid, at a hundredth of the cost of a full parse. */
export function seemsSampled(value: string): boolean {
  const digit = value.charCodeAt(54)
  // The lowest bit of a hex digit is that of its character, but inverted for a to f.
  return (digit & 1) === (digit >= 0x61 ? 0 : 1)
}

export function formatTraceparent(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

const maxMembers = 32
const maxRecorded = 512
const longMember = 128

/**
 * 3.3.1: a simple key or a tenant's key at a system, and a value of printable characters that does not end in
 * a space.
 */
const member =
  /^((?:[a-z][a-z\d_*/-]{0,255})|(?:[a-z\d][a-z\d_*/-]{0,240}@[a-z][a-z\d_*/-]{0,13}))=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])$/

/**
 * Returns a valid `tracestate` to forward and record; null for none, or for an invalid one: more than 32
 * members, a duplicate key or a malformed member. Records keep at most 512 characters (3.3.1.5): members
 * longer than 128 are dropped first, then the last ones.
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

/** A regular expression for trailing spaces would take quadratic time on a run of spaces. */
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
