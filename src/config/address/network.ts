/** Networks in CIDR form. */
import { readIpAddress, readNetwork } from '../../http/address/address.ts'

export const networkForm = 'an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'

/** Returns what is wrong with an address or network; undefined if it is valid. */
export function networkFault(value: string): string | undefined {
  const slash = value.indexOf('/')
  const written = slash === -1 ? value : value.slice(0, slash)
  const bits = readIpAddress(written)
  if (bits === null || written.includes('%')) return `must be ${networkForm}`
  if (readNetwork(value) !== null) return undefined
  const isIpv4 = !written.includes(':')
  // The first 96 bits of an IPv4-mapped address only mark it as one.
  const least = !isIpv4 && typeof bits === 'number' ? 96 : 0
  return `must have a prefix length from ${least} to ${isIpv4 ? 32 : 128} after the slash`
}
