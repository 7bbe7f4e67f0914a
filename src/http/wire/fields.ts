/** Field sections as bytes (RFC 9112 5), strictly: CRLF only, no folding, no blank before the colon, no control characters. */

/** Bytes of a head, or of a trailer section. */
export const maxSectionBytes = 16 * 1024

const cr = 0x0d
const lf = 0x0a
const colon = 0x3a

/** By byte, 1 for what may be in a name, and in a value. */
const isToken = new Uint8Array(256)
const isText = new Uint8Array(256)
for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code)
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) isToken[code] = 1
  if (/[\t\x20-\x7e\x80-\xff]/.test(character)) isText[code] = 1
}

/**
 * Flat `[name, value, …]` of the lines between two places, each with its CRLF; null when one of them is no field. It looks at each byte
 * once, checks and cuts in one go: this is the hot path.
 */
export function readFields(bytes: Buffer, from: number, end: number): string[] | null {
  const text = bytes.toString('latin1', from, end)
  const fields: string[] = []
  for (let at = from; at < end; ) {
    const nameAt = at
    while (at < end && isToken[bytes[at] as number] === 1) at += 1
    if (at === nameAt || at === end || bytes[at] !== colon) return null
    const nameEnd = at
    at += 1
    while (at < end && isBlank(bytes[at] as number)) at += 1
    const valueAt = at
    at = endOfText(bytes, at, end)
    if (at + 1 >= end || bytes[at] !== cr || bytes[at + 1] !== lf) return null
    let valueEnd = at
    while (valueEnd > valueAt && isBlank(bytes[valueEnd - 1] as number)) valueEnd -= 1
    fields.push(text.slice(nameAt - from, nameEnd - from), text.slice(valueAt - from, valueEnd - from))
    at += 2
  }
  return fields
}

/** The first place from `at` on whose byte is no text, `end` when there is none. */
export function endOfText(bytes: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && isText[bytes[at] as number] === 1) at += 1
  return at
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09
