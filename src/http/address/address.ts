/**
 * Reads and writes IP addresses, and sets of networks. Every spelling of an address is read to the same bits
 * and written as the same text. Pure. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is read as the IPv4
 * address, because a dual-stack listener reports its IPv4 peers in that form.
 */
import { isIPv6 } from 'node:net'

/** IPv4: its 32 bits. IPv6: its eight groups as UTF-16 units, which sort like the addresses. */
export type AddressBits = number | string

/** An IPv6 address has at most 45 characters, the zone's interface name at most 15. */
const maxLength = 64

/** Reads an address without port and brackets; a zone is dropped. Null for any other text. */
export function readIpAddress(text: string): AddressBits | null {
  if (text.length > maxLength) return null
  return text.includes(':') ? readIpv6(text) : readIpv4(text)
}

/** Reads the 4 or 16 bytes of an address in network byte order. */
export function readAddressBytes(bytes: Uint8Array): AddressBits {
  const groups = Array.from(
    { length: bytes.length / 2 },
    (_, at) => (bytes[at * 2] as number) * 256 + (bytes[at * 2 + 1] as number),
  )
  return groups.length === 2 ? joinIpv4(groups[0] as number, groups[1] as number) : bitsOf(groups)
}

/** The canonical text of an address: dotted IPv4, or IPv6 as RFC 5952 writes it. */
export function formatAddressBits(bits: AddressBits): string {
  return typeof bits === 'number' ? formatIpv4(bits) : formatIpv6(bits)
}

/**
 * The canonical text of an address; null for any other text. Mapped, compressed, upper-case and zoned
 * spellings of one address give the same text.
 */
export function canonicalAddress(text: string): string | null {
  const bits = readIpAddress(text)
  return bits === null ? null : formatAddressBits(bits)
}

const formatIpv4 = (bits: number): string =>
  `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`

/** Lower-case groups without leading zeros; `::` stands for the first of the longest runs of at least two zero groups. */
function formatIpv6(bits: string): string {
  const groups = Array.from({ length: 8 }, (_, at) => bits.charCodeAt(at))
  let gapAt = -1
  let gapLength = 1
  for (let at = 0; at < 8; at += 1) {
    let end = at
    while (end < 8 && groups[end] === 0) end += 1
    if (end - at > gapLength) {
      gapAt = at
      gapLength = end - at
    }
  }
  const hex = (some: readonly number[]) => some.map((group) => group.toString(16)).join(':')
  return gapAt === -1
    ? hex(groups)
    : `${hex(groups.slice(0, gapAt))}::${hex(groups.slice(gapAt + gapLength))}`
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

/** Recently read addresses: reading one takes a microsecond, and requests of a connection repeat it. */
const lately = new Map<string, AddressBits | null>()
const maxLately = 256

function readIpv6(text: string): AddressBits | null {
  let bits = lately.get(text)
  if (bits !== undefined) return bits
  bits = parseIpv6(text)
  if (lately.size >= maxLately) lately.clear()
  lately.set(text, bits)
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
  return bitsOf([...front, ...zeros, ...back])
}

/** The value of eight groups: a number for an IPv4-mapped address. */
function bitsOf(groups: readonly number[]): AddressBits {
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return joinIpv4(groups[6] as number, groups[7] as number)
  return String.fromCharCode(...groups)
}

const joinIpv4 = (high: number, low: number): number => high * 65_536 + low

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

/** Reads `address` or `address/length`; bits beyond the length are ignored. Null for any other text. */
export function readNetwork(text: string): Range | null {
  const slash = text.indexOf('/')
  const bits = readIpAddress(slash === -1 ? text : text.slice(0, slash))
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

/** Name of every peer on a Unix socket, which has no address: in lists, limits, logs and traces. */
export const unixPeer = 'unix:'

/**
 * A set of networks, and `unix:` for peers without an address. A look-up is a binary search over merged
 * ranges.
 */
export class NetworkSet {
  readonly #ipv4: readonly Range[]
  readonly #ipv6: readonly Range[]
  readonly #hasUnix: boolean

  /** Throws TypeError for an invalid network; configurations are checked earlier. */
  constructor(networks: readonly string[]) {
    this.#hasUnix = networks.includes(unixPeer)
    const addressed = networks.filter((text) => text !== unixPeer)
    const ranges = addressed.map((text) => {
      const range = readNetwork(text)
      if (range === null) throw new TypeError(`${text} is not a network`)
      return range
    })
    this.#ipv4 = merged(ranges.filter(({ first }) => typeof first === 'number'))
    this.#ipv6 = merged(ranges.filter(({ first }) => typeof first === 'string'))
  }

  /**
   * Whether it contains a peer, given as an address in any spelling or as `unix:`. False for any other text.
   */
  hasPeer(peer: string): boolean {
    if (peer === unixPeer) return this.#hasUnix
    const bits = readIpAddress(peer)
    return bits !== null && this.has(bits)
  }

  /** `null`: a peer on a Unix socket. */
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
