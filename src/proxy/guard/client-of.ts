/** Maps an address to the client that it stands for. */
import { formatAddressBits, readIpAddress } from '../../http/address/address.ts'

/** An IPv4 address stands for itself, an IPv6 address for its /64, and a peer without an address for its own name. */
export function clientOf(address: string): string {
  const bits = readIpAddress(address)
  if (bits === null) return address
  return typeof bits === 'number'
    ? formatAddressBits(bits)
    : `${formatAddressBits(`${bits.slice(0, 4)}\0\0\0\0`)}/64`
}
