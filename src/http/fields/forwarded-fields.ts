/**
 * Reads the elements of `X-Forwarded-For` and `Forwarded` (RFC 7239) from the right, in linear time. Pure.
 *
 * Proxies append, so the trusted peer wrote the rightmost element, and no text to its left can change how it
 * is read. Empty elements are skipped; reading stops at the first invalid one.
 */
import { canonicalAddress } from '../address/address.ts'

/** One hop as a field describes it; a missing parameter is ''. */
export interface ReadHop {
  /** The element as received, trimmed. */
  readonly text: string
  /** Canonical address; null for `unknown` and obfuscated names. */
  readonly address: string | null
  /** An address, optionally with a port (IPv6 then in brackets), `unknown`, or `_` and an obfuscated name. */
  readonly node: string
  readonly proto: string
  readonly host: string
}

/** First hop first. */
export function readForwardedFor(field: string): readonly ReadHop[] {
  const hops: ReadHop[] = []
  for (let end = field.length; end >= 0; ) {
    const comma = end === 0 ? -1 : field.lastIndexOf(',', end - 1)
    const text = trimmed(field, comma + 1, end)
    end = comma
    if (text === '') continue
    const found = readNode(text)
    if (found === null) break
    hops.push({ text, ...found, proto: '', host: '' })
  }
  return hops.reverse()
}

/** First hop first. Parameters other than `for`, `proto` and `host` only need to be well-formed. */
export function readForwarded(field: string): readonly ReadHop[] {
  const hops: ReadHop[] = []
  for (let end = field.length; end >= 0; ) {
    const comma = commaBefore(field, end)
    if (comma === null) break
    const text = trimmed(field, comma + 1, end)
    end = comma
    const parameters = readParameters(text)
    if (parameters === null) break
    if (parameters.size === 0) continue
    const found = readNode(parameters.get('for') ?? 'unknown')
    if (found === null) break
    hops.push({ text, ...found, proto: parameters.get('proto') ?? '', host: parameters.get('host') ?? '' })
  }
  return hops.reverse()
}

/**
 * Position of the last comma before `end` outside quotes, or -1; null if a quoted string has no
 * start.
 */
function commaBefore(field: string, end: number): number | null {
  let isQuoted = false
  for (let at = end - 1; at >= 0; at -= 1) {
    const code = field.charCodeAt(at)
    if (code === quote && !isEscaped(field, at)) isQuoted = !isQuoted
    else if (code === comma && !isQuoted) return at
  }
  return isQuoted ? null : -1
}

/**
 * Whether an odd number of backslashes precedes it. Each backslash belongs to one quote, so counting stays
 * linear.
 */
function isEscaped(field: string, at: number): boolean {
  let first = at
  while (first > 0 && field.charCodeAt(first - 1) === backslash) first -= 1
  return (at - first) % 2 === 1
}

/** Unquoted parameters of one element by lower-case name; null if they are malformed or repeated. */
function readParameters(element: string): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>()
  let at = 0
  while (at < element.length) {
    at = skipSpace(element, at)
    const nameEnd = endOfToken(element, at)
    if (nameEnd > at) {
      const name = element.slice(at, nameEnd).toLowerCase()
      if (element.charCodeAt(nameEnd) !== equals || parameters.has(name)) return null
      const valueEnd = endOfValue(element, nameEnd + 1)
      if (valueEnd === null) return null
      parameters.set(name, unquoted(element.slice(nameEnd + 1, valueEnd)))
      at = skipSpace(element, valueEnd)
    }
    if (at < element.length && element.charCodeAt(at) !== semicolon) return null
    at += 1
  }
  return parameters
}

/** End of the token or quoted string that starts at `from`; null if there is neither. */
function endOfValue(element: string, from: number): number | null {
  if (element.charCodeAt(from) !== quote) {
    const end = endOfToken(element, from)
    return end === from ? null : end
  }
  for (let at = from + 1; at < element.length; at += 1) {
    const code = element.charCodeAt(at)
    if (code === quote) return at + 1
    if (code === backslash) at += 1
  }
  return null
}

const unquoted = (value: string): string =>
  value.charCodeAt(0) === quote ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value

interface Node {
  readonly address: string | null
  readonly node: string
}

/**
 * Reads node and port (RFC 7239 6), and also IPv6 without brackets, as in X-Forwarded-For. Null for any other
 * text.
 */
function readNode(text: string): Node | null {
  const bracket = text.charCodeAt(0) === openBracket ? text.indexOf(']') : -1
  const colon = text.indexOf(':', bracket + 1)
  if (bracket === -1 && colon !== text.lastIndexOf(':')) return addressNode(text, '')
  const nameEnd = colon === -1 ? text.length : colon
  const port = colon === -1 ? '' : text.slice(colon + 1)
  if (colon !== -1 && !portForm.test(port)) return null
  if (bracket === -1) return namedNode(text.slice(0, nameEnd)) ?? ipv4Node(text.slice(0, nameEnd), port)
  const inside = text.slice(1, bracket)
  return bracket + 1 === nameEnd && inside.includes(':') ? addressNode(inside, port) : null
}

function namedNode(name: string): Node | null {
  if (name.length === 7 && name.toLowerCase() === 'unknown') return { address: null, node: 'unknown' }
  return madeUpName.test(name) ? { address: null, node: name } : null
}

const ipv4Node = (name: string, port: string): Node | null =>
  name.includes(':') ? null : addressNode(name, port)

function addressNode(text: string, port: string): Node | null {
  const address = canonicalAddress(text)
  if (address === null) return null
  const host = port !== '' && address.includes(':') ? `[${address}]` : address
  return { address, node: port === '' ? host : `${host}:${port}` }
}

const portForm = /^(?:\d{1,5}|_[\w.-]+)$/
const madeUpName = /^_[\w.-]+$/

/** The elements of a list, without the empty ones. */
export function readList(field: string): readonly string[] {
  return field.split(',').flatMap((part) => trimmed(part, 0, part.length) || [])
}

function trimmed(text: string, from: number, to: number): string {
  let [first, end] = [from, to]
  while (first < end && isSpace(text.charCodeAt(first))) first += 1
  while (end > first && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(first, end)
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1
  return at
}

function endOfToken(text: string, from: number): number {
  let at = from
  while (at < text.length && tokenCodes.has(text.charCodeAt(at))) at += 1
  return at
}

export const isTokenText = (text: string): boolean => text !== '' && endOfToken(text, 0) === text.length

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

const quote = 0x22
const comma = 0x2c
const semicolon = 0x3b
const equals = 0x3d
const openBracket = 0x5b
const backslash = 0x5c

const tokenCodes: ReadonlySet<number> = new Set(
  Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
)
