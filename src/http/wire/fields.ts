/** Field sections as text (RFC 9112 5), strictly: CRLF only, no folding, no blank before the colon, no control characters. */

/** Bytes of a head, or of a trailer section. */
export const maxSectionBytes = 16 * 1024

const section = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/

/** Flat `[name, value, …]` of lines that each end in CRLF; null when one of them is no field. */
export function readFields(text: string): string[] | null {
  return section.test(text) ? splitFields(text, 0) : null
}

/** The same, of lines that are known to be fields. */
export function splitFields(text: string, from: number): string[] {
  const fields: string[] = []
  for (let at = from; at < text.length; ) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    let first = colon + 1
    let last = end
    while (first < last && isBlank(text.charCodeAt(first))) first += 1
    while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1
    fields.push(text.slice(at, colon), text.slice(first, last))
    at = end + 2
  }
  return fields
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
