/**
 * Escapes client input for log lines: a line is ASCII without control characters, so no input can end it, add
 * a field or control a terminal. One input character is one byte from the wire.
 */
import { isUtf8 } from 'node:buffer'

/** Maximum length of one value; a request head allows more than a log line should have. */
export const maxCharacters = 4096

const plainJson = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const plainWord = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Formats as a JSON string. Valid UTF-8 is decoded; other bytes become one character each. */
export function quoteJson(value: string): string {
  if (value.length <= maxCharacters && plainJson.test(value)) return `"${value}"`
  return JSON.stringify(cut(decode(value))).replace(beyondAscii, escapeUnit)
}

const beyondAscii = /[\x7f-\uffff]/g
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Decoded text of bounded length, for formats with an escape of their own. */
export const readable = (value: string): string => cut(decode(value))

function decode(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a character here is a byte
  if (!/^[\x00-\xff]*$/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

/**
 * Escapes as Apache does: `-` for an empty value, `\xHH` for unprintable bytes. Outside quotes, spaces are
 * escaped too.
 */
export function escapePlain(value: string, isQuoted: boolean): string {
  if (value.length <= maxCharacters && plainWord.test(value)) return value
  if (value === '') return '-'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a character here is a byte
  const encoding = /^[\x00-\xff]*$/.test(value) ? 'latin1' : 'utf8'
  let text = ''
  for (const byte of Buffer.from(cut(value), encoding)) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`
    else if ((byte > 0x20 && byte < 0x7f) || (byte === 0x20 && isQuoted)) text += String.fromCharCode(byte)
    else text += `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

const cut = (text: string): string =>
  text.length > maxCharacters ? `${text.slice(0, maxCharacters)}...` : text

/**
 * Masks userinfo: `user:password@host` becomes `***@host`. A port that is not a number is masked too: it is a password if the client has
 * left the host out, or has escaped `@`.
 */
export function maskAuthority(authority: string): string {
  const at = authority.lastIndexOf('@')
  if (at !== -1) return `***${authority.slice(at)}`
  const isBracketed = authority.charCodeAt(0) === 0x5b
  const colon = authority.indexOf(':', isBracketed ? authority.indexOf(']') : 0)
  return colon === -1 || isNumber(authority, colon + 1) ? authority : `${authority.slice(0, colon)}:***`
}

/** Masks the authority that a text begins with. */
export function maskStart(text: string): string {
  const [authority = ''] = text.split(/[/?#]/, 1)
  return maskAuthority(authority) + text.slice(authority.length)
}

function isNumber(text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}

const keys =
  'X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|AWSAccessKeyId|Signature|sig|X-Goog-Signature'
const signed = new RegExp(`([?&])(${keys})=[^&#]*`, 'gi')

/**
 * Masks userinfo (RFC 9110 4.2.4) and the query values that the semantic conventions list as secret
 * (OpenTelemetry, url.full) in a request target or a field that contains a URL.
 */
export function maskUrl(text: string, mask = '***', userMask = mask): string {
  let masked = text
  if (text.includes('@')) {
    masked = masked.replace(/\/\/[^/?#\s]*@/g, `//${userMask}@`)
    if (text.charCodeAt(0) !== 0x2f)
      masked = masked.replace(/^((?:[a-z][a-z0-9+.-]*:\/+)?)[^/?#]*@/i, `$1${userMask}@`)
  } else if (text.charCodeAt(0) !== 0x2f) {
    const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0]
    if (scheme !== undefined) masked = scheme + maskStart(text.slice(scheme.length))
  }
  return text.includes('=') ? masked.replace(signed, `$1$2=${mask}`) : masked
}

/** Headers that are never logged, even if a format names them. */
export const secretHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
])
