/** Networks in CIDR form, as configurations have them. */
import { isIP } from 'node:net'

export const networkForm = 'an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'

/** What is wrong with an address or network; undefined for a good one. */
export function networkFault(value: string): string | undefined {
  const [address = '', length, ...more] = value.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0) return `must be ${networkForm}`
  const isMapped = /^::ffff:/i.test(address)
  const [least, most] = version === 4 ? [0, 32] : [isMapped ? 96 : 0, 128]
  if (length === undefined) return undefined
  return /^(?:0|[1-9]\d{0,2})$/.test(length) && Number(length) >= least && Number(length) <= most
    ? undefined
    : `must have a prefix length from ${least} to ${most} after the slash`
}
