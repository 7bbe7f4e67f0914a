/** Reads the field values that frame messages and connections (RFC 9112 6, 9). */

/** The options of Connection that mean something to a connection, as bits. */
export const option = Object.freeze({ close: 1, keepAlive: 2, upgrade: 4 })

/** Returns the bits of the options that a Connection value lists (RFC 9110 7.6.1). Allocates nothing. */
export function connectionOptions(value: string): number {
  let options = 0
  for (let at = 0; at < value.length; ) {
    let end = value.indexOf(',', at)
    if (end === -1) end = value.length
    const next = end + 1
    while (at < end && isBlankAt(value, at)) at += 1
    while (end > at && isBlankAt(value, end - 1)) end -= 1
    options |= optionAt(value, at, end - at)
    at = next
  }
  return options
}

function optionAt(value: string, at: number, length: number): number {
  if (length === 5) return holds(value, at, 'close') ? option.close : 0
  if (length === 10) return holds(value, at, 'keep-alive') ? option.keepAlive : 0
  return length === 7 && holds(value, at, 'upgrade') ? option.upgrade : 0
}

/** Compares with a lower-case word of letters and hyphens, without case. */
function holds(value: string, from: number, word: string): boolean {
  for (let at = 0; at < word.length; at += 1) {
    const code = value.charCodeAt(from + at)
    const isUpper = code >= 0x41 && code <= 0x5a
    if ((isUpper ? code | 0x20 : code) !== word.charCodeAt(at)) return false
  }
  return true
}

/** Whether Transfer-Encoding is `chunked` alone, the only coding supported (RFC 9112 6.1, 7). */
export const isChunked = (value: string): boolean => value.length === 7 && holds(value, 0, 'chunked')

function isBlankAt(value: string, at: number): boolean {
  const code = value.charCodeAt(at)
  return code === 0x20 || code === 0x09
}

/** Reads Content-Length: 1 to 15 digits, which a number holds exactly; -1 for anything else (RFC 9110 8.6). */
export function readLength(value: string): number {
  if (value.length === 0 || value.length > 15) return -1
  let length = 0
  for (let at = 0; at < value.length; at += 1) {
    const digit = value.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}
