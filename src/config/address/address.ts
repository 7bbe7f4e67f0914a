/** Listen addresses: `host:port` and `unix:path`. */
import { canonicalAddress, readIpAddress } from '../../http/address/address.ts'
import type { ListenAddress, ListenerAddress } from '../settings/settings.ts'

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i

type Result<Address> =
  | { readonly address: Address; readonly fault?: undefined }
  | { readonly address?: undefined; readonly fault: string }
export type AddressResult = Result<ListenAddress>

const unixScheme = 'unix:'
/** Linux allows 107 bytes (sun_path); a new socket temporarily has a longer name. */
const maxUnixPathBytes = 90

/**
 * Reads `host:port`: a host name, an IPv4 address, or an IPv6 address in brackets; port 0 lets the kernel choose.
 * Never throws; `fault` states what is wrong and what would be right.
 */
export function parseAddress(text: string): AddressResult {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, Math.max(colon, 0))
  const digits = text.slice(colon + 1)
  if (text.includes('/')) return { fault: 'must be host:port alone, such as 127.0.0.1:8080' }
  if (/^[^[\]]*:[^[\]]*:[^[\]]*$/.test(text))
    return { fault: 'write an IPv6 address in brackets, such as [::1]:8080' }
  if (colon === -1 || text.endsWith(']')) {
    return { fault: 'has no port; write host:port, such as 127.0.0.1:8080' }
  }
  if (host === '')
    return { fault: `has no host; write 0.0.0.0:${digits} for all interfaces or 127.0.0.1:${digits}` }
  if (!/^\d{1,5}$/.test(digits) || Number(digits) > 65_535) {
    return { fault: 'the port must be a whole number from 0 to 65535' }
  }
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : undefined
  if (bare === undefined ? !isHostName(host) : !isIpv6(bare)) {
    return { fault: 'the host must be a host name, an IPv4 address or an IPv6 address in brackets' }
  }
  return { address: { host: bare ?? host, port: Number(digits) } }
}

/** Like `parseAddress`, and also accepts `unix:` with the path of a socket, which may be relative. */
export function parseListenerAddress(text: string): Result<ListenerAddress> {
  if (!text.startsWith(unixScheme)) return parseAddress(text)
  const path = text.slice(unixScheme.length)
  if (path === '' || path.endsWith('/') || path.includes('\0'))
    return { fault: 'has no path; write the path of a socket, such as unix:/run/bifrost.sock' }
  if (Buffer.byteLength(path) > maxUnixPathBytes)
    return { fault: `the path of a Unix socket may have at most ${maxUnixPathBytes} bytes` }
  return { address: { path } }
}

/** Formats an address so that `parseListenerAddress` returns the same address. */
export function formatAddress(address: ListenerAddress): string {
  if ('path' in address) return `${unixScheme}${address.path}`
  const { host, port } = address
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether two listeners cannot both bind these addresses. Port 0 never conflicts. */
export function isConflicting(a: ListenerAddress, b: ListenerAddress): boolean {
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  const [left, right] = [plainHost(a.host), plainHost(b.host)]
  return left === right || covers(left, right) || covers(right, left)
}

/** Whether only this machine can connect. Host names other than localhost may resolve to any address later. */
export function isLocalAddress(address: ListenerAddress): boolean {
  if ('path' in address) return true
  const host = plainHost(address.host)
  if (host === 'localhost' || host === '::1') return true
  const bits = readIpAddress(host)
  return typeof bits === 'number' && bits >>> 24 === 127
}

/** Node listens on `::` for both families, so it covers IPv4 too. */
function covers(wildcard: string, host: string): boolean {
  return wildcard === '::' || (wildcard === '0.0.0.0' && !host.includes(':'))
}

function plainHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '')
  if (!lower.includes(':')) return lower
  const [address = '', zone] = lower.split('%')
  const canonical = canonicalAddress(address) ?? address
  return zone === undefined ? canonical : `${canonical}%${zone}`
}

function isHostName(host: string): boolean {
  // Digits and dots are an address or a typo, never a name; otherwise 256.0.0.1 would be looked up in DNS.
  if (/^[\d.]+$/.test(host)) return readIpAddress(host) !== null
  return (
    host.length <= 253 &&
    host
      .replace(/\.$/, '')
      .split('.')
      .every((part) => label.test(part))
  )
}

function isIpv6(host: string): boolean {
  const address = host.replace(/%[\w.-]+$/, '')
  return address.includes(':') && !address.includes('%') && readIpAddress(address) !== null
}
