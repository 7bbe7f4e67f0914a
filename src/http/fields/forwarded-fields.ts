/**
 * The elements of `X-Forwarded-For` and `Forwarded` (RFC 7239), read from the right in linear time. Pure.
 *
 * Proxies append, so the rightmost element is the one that the trusted peer wrote, and whatever stands to its left cannot change how it
 * is read. Reading skips empty elements and stops at the first one that is not valid.
 */
import { canonicalAddress } from '../address/address.ts'

/** One hop as a field names it; a parameter that was not given is ''. */
export interface ReadHop {
  /** The element as it came, without the white space around it. */
  readonly text: string
  /** In canonical form; null for `unknown` and made-up names. */
  readonly address: string | null
  /** An address, with port where one was given (IPv6 in brackets then), `unknown`, or `_` and a made-up name. */
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

/** First hop first. Parameters other than `for`, `proto` and `host` are checked for their form only. */
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

/** The comma before `end` that is outside of quotes, -1 where there is none; null where a quoted string does not begin. */
function commaBefore(field: string, end: number): number | null {
  let isQuoted = false
  for (let at = end - 1; at >= 0; at -= 1) {
    const code = field.charCodeAt(at)
    if (code === quote && !isEscaped(field, at)) isQuoted = !isQuoted
    else if (code === comma && !isQuoted) return at
  }
  return isQuoted ? null : -1
}

/** Whether an odd number of backslashes stands before it. The backslashes belong to one quote, so counting them stays linear. */
function isEscaped(field: string, at: number): boolean {
  let first = at
  while (first > 0 && field.charCodeAt(first - 1) === backslash) first -= 1
  return (at - first) % 2 === 1
}

/** The parameters of one element by lower-case name, unquoted; null where they are not well-formed or one is repeated. */
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

/** The end of the token or quoted string that begins at `from`; null where none does. */
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

/** Node and port (RFC 7239 6); IPv6 without brackets, as X-Forwarded-For has it, is read as well. Null for any other text. */
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

/** A list without its empty elements. */
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

export const isToken = (text: string): boolean => text !== '' && endOfToken(text, 0) === text.length

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
