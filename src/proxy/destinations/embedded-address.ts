/** IPv4 addresses inside of IPv6 ones: a gateway, or the kernel, may send such a packet on to the address inside. Pure. */
import type { AddressBits } from '../../http/address/address.ts'

/**
 * Every IPv4 address that an IPv6 address may stand for. `::ffff:192.0.2.1` is none of these: `readIpAddress` gives the IPv4 address itself.
 */
export function embeddedIn(bits: AddressBits): readonly number[] {
  if (typeof bits === 'number') return []
  const group = (at: number): number => bits.charCodeAt(at)
  const pair = (at: number): number => group(at) * 65_536 + group(at + 1)
  const starts = (...groups: readonly number[]): boolean => groups.every((value, at) => group(at) === value)
  const last = pair(6)
  // IPv4-compatible (RFC 4291 2.5.5.1), but for the addresses :: and ::1 and their neighbours.
  if (starts(0, 0, 0, 0, 0, 0)) return last < 0x1_00_00_00 ? [] : [last]
  // NAT64 (RFC 6052), IPv4-translated (RFC 2765).
  if (starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0, 0, 0, 0, 0xffff, 0)) return [last]
  // NAT64 of the local network: with a prefix of 96 bits, or of 48, where the octet after 64 bits is left out.
  if (starts(0x64, 0xff9b, 1)) {
    const split = group(3) * 65_536 + (group(4) & 0xff) * 256 + (group(5) >>> 8)
    return [last, split].filter((address) => address !== 0)
  }
  // 6to4 (RFC 3056).
  if (starts(0x2002)) return [pair(1)]
  // Teredo (RFC 4380): the server, and the client with every bit turned.
  if (starts(0x2001, 0)) return [pair(2), ~last >>> 0]
  // ISATAP (RFC 5214 6.1), behind any prefix.
  const isIsatap = (group(4) === 0 || group(4) === 0x200) && group(5) === 0x5efe
  return isIsatap ? [last] : []
}
