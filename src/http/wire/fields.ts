/** The bytes that field sections are made of (RFC 9110 5, RFC 9112 5). */

/** Maximum bytes of a response head, of a trailer section, and of the chunk extensions of a body. */
export const maxSectionBytes = 16 * 1024

export const cr = 0x0d
export const lf = 0x0a
export const space = 0x20
export const colon = 0x3a

/** By byte: 1 for the characters of a token (RFC 9110 5.6.2). */
export const isToken = new Uint8Array(256)
/** By byte: 1 for the characters of a field value (RFC 9110 5.5): tab, space, visible ones and those above 127. */
export const isText = new Uint8Array(256)
for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code)
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) isToken[code] = 1
  if (/[\t\x20-\x7e\x80-\xff]/.test(character)) isText[code] = 1
}

/** Whether a byte is a space or a tab. */
export const isBlank = (byte: number): boolean => byte === space || byte === 0x09
