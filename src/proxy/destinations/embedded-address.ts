/** IPv4 addresses inside IPv6 addresses, to which a gateway or the kernel may forward such a packet. Pure. */
import type { AddressBits } from '../../http/address/address.ts'

/**
 * Every IPv4 address that an IPv6 address may stand for, except that of `::ffff:192.0.2.1`, which
 * `readIpAddress` returns as IPv4.
 */
export function embeddedIn(bits: AddressBits): readonly number[] {
  if (typeof bits === 'number') return []
  const group = (at: number): number => bits.charCodeAt(at)
  const pair = (at: number): number => group(at) * 65_536 + group(at + 1)
  const starts = (...groups: readonly number[]): boolean => groups.every((value, at) => group(at) === value)
  const last = pair(6)
  // IPv4-compatible (RFC 4291 2.5.5.1), except ::, ::1 and their neighbours.
  if (starts(0, 0, 0, 0, 0, 0)) return last < 0x1_00_00_00 ? [] : [last]
  // NAT64 (RFC 6052), IPv4-translated (RFC 2765).
  if (starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0, 0, 0, 0, 0xffff, 0)) return [last]
  // NAT64 with a local-use prefix (RFC 8215): of 96 bits, or of 48 bits, where the octet after bit 64 is
  // skipped.
  if (starts(0x64, 0xff9b, 1)) {
    const split = group(3) * 65_536 + (group(4) & 0xff) * 256 + (group(5) >>> 8)
    return [last, split].filter((address) => address !== 0)
  }
  // 6to4 (RFC 3056).
  if (starts(0x2002)) return [pair(1)]
  // Teredo (RFC 4380): the server, and the client with all bits inverted.
  if (starts(0x2001, 0)) return [pair(2), ~last >>> 0]
  // ISATAP (RFC 5214 6.1), with any prefix.
  const isIsatap = (group(4) === 0 || group(4) === 0x200) && group(5) === 0x5efe
  return isIsatap ? [last] : []
}
