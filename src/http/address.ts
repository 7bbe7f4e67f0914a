/**
 * IP addresses as values that compare, and sets of networks. Pure. An IPv4 address in its IPv6 form (`::ffff:192.0.2.1`) is the
 * IPv4 address: which of the two a socket names depends on how the listener was bound.
 */
import { isIPv6 } from 'node:net'

/** IPv4: its 32 bits. IPv6: its eight groups as eight UTF-16 units, which compare as the addresses do. */
export type AddressBits = number | string

/** Reads an address without port and brackets; a zone is left out. Null for anything else. */
export function readAddress(text: string): AddressBits | null {
  return text.includes(':') ? readIpv6(text) : readIpv4(text)
}

function readIpv4(text: string): number | null {
  if (text.length > 15) return null
  let bits = 0
  let octet = -1
  let dots = 0
  for (let at = 0; at <= text.length; at += 1) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at)
    if (code === 0x2e) {
      if (octet < 0) return null
      bits = bits * 256 + octet
      octet = -1
      dots += 1
    } else {
      // A leading zero means octal to some readers.
      if (code < 0x30 || code > 0x39 || octet === 0) return null
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return null
    }
  }
  return dots === 4 ? bits : null
}

/** Reading one takes a microsecond, and the requests of a connection ask for the same one. */
const lately = new Map<string, AddressBits | null>()
const maxLately = 256

function readIpv6(text: string): AddressBits | null {
  let bits = lately.get(text)
  if (bits !== undefined) return bits
  bits = parseIpv6(text)
  // An address has at most 45 characters, and a zone; anything longer is not worth keeping.
  if (text.length <= 64) {
    if (lately.size >= maxLately) lately.clear()
    lately.set(text, bits)
  }
  return bits
}

function parseIpv6(text: string): AddressBits | null {
  if (!isIPv6(text)) return null
  const zone = text.indexOf('%')
  const plain = zone === -1 ? text : text.slice(0, zone)
  const gap = plain.indexOf('::')
  const front = groupsOf(gap === -1 ? plain : plain.slice(0, gap))
  const back = gap === -1 ? [] : groupsOf(plain.slice(gap + 2))
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0)
  const groups = [...front, ...zeros, ...back]
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return (groups[6] as number) * 65_536 + (groups[7] as number)
  return String.fromCharCode(...groups)
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    const ipv4 = group.includes('.') ? readIpv4(group) : null
    return ipv4 === null ? [Number.parseInt(group, 16)] : [Math.floor(ipv4 / 65_536), ipv4 % 65_536]
  })
}

interface Range {
  readonly first: AddressBits
  readonly last: AddressBits
}

/** Reads `address` or `address/length`; bits beyond the length do not count. Null for anything else. */
export function readNetwork(text: string): Range | null {
  const slash = text.indexOf('/')
  const bits = readAddress(slash === -1 ? text : text.slice(0, slash))
  if (bits === null) return null
  const isIpv4 = typeof bits === 'number'
  let length = isIpv4 ? 32 : 128
  if (slash !== -1) {
    const written = text.slice(slash + 1)
    if (!/^(?:0|[1-9]\d{0,2})$/.test(written)) return null
    const most = text.includes(':') ? 128 : 32
    length = Number(written) - (isIpv4 ? most - 32 : 0)
    if (Number(written) > most || length < 0) return null
  }
  if (!isIpv4) return { first: fill(bits, length, 0), last: fill(bits, length, 0xffff) }
  const size = 2 ** (32 - length)
  const first = bits - (bits % size)
  return { first, last: first + size - 1 }
}

/** The address with every bit after the first `length` ones taken from `filler`. */
function fill(bits: string, length: number, filler: number): string {
  const groups = Array.from({ length: 8 }, (_, at) => {
    const kept = Math.min(16, Math.max(0, length - at * 16))
    const mask = (0xffff << (16 - kept)) & 0xffff
    return (bits.charCodeAt(at) & mask) | (filler & ~mask & 0xffff)
  })
  return String.fromCharCode(...groups)
}

/** A set of networks, and `unix:` for peers that have no address; asking it takes a binary search over their merged ranges. */
export class NetworkSet {
  readonly #ipv4: readonly Range[]
  readonly #ipv6: readonly Range[]
  readonly #hasUnix: boolean

  /** Throws TypeError for a text that is no network; configurations are checked before. */
  constructor(networks: readonly string[]) {
    this.#hasUnix = networks.includes('unix:')
    const addressed = networks.filter((text) => text !== 'unix:')
    const ranges = addressed.map((text) => {
      const range = readNetwork(text)
      if (range === null) throw new TypeError(`${text} is no network`)
      return range
    })
    this.#ipv4 = merged(ranges.filter(({ first }) => typeof first === 'number'))
    this.#ipv6 = merged(ranges.filter(({ first }) => typeof first === 'string'))
  }

  /** Null: a peer on a Unix socket. */
  has(address: AddressBits | null): boolean {
    if (address === null) return this.#hasUnix
    const ranges = typeof address === 'number' ? this.#ipv4 : this.#ipv6
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { first, last } = ranges[middle] as Range
      if (address < first) high = middle
      else if (address > last) low = middle + 1
      else return true
    }
    return false
  }
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.toSorted((one, other) =>
    one.first < other.first ? -1 : one.first > other.first ? 1 : 0,
  )
  const out: Range[] = []
  for (const range of sorted) {
    const before = out.at(-1)
    if (before === undefined || range.first > before.last) out.push(range)
    else if (range.last > before.last) out[out.length - 1] = { first: before.first, last: range.last }
  }
  return out
}
