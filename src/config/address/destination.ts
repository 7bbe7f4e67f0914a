/** Entries of `destinations`: host patterns and networks, each with or without a port. */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import type { DestinationEntry, PortRange } from '../settings/destinations.ts'
import { networkFault } from './network.ts'

type Result =
  | { readonly entry: DestinationEntry; readonly fault?: undefined }
  | { readonly entry?: undefined; readonly fault: string }

export const destinationForm =
  'a host pattern or a network, such as "example.com", "*.example.com:443", "10.0.0.0/8" or "[::1]:8080"'

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const number = /^(?:\d+|0x[\da-f]*)$/

/** Never throws; `fault` states what is wrong and what would be right. */
export function parseDestination(text: string): Result {
  if (text.includes('://')) return { fault: `must be ${destinationForm}` }
  if (text.startsWith('[')) return parseBracketed(text)
  const colon = text.indexOf(':')
  if (colon !== text.lastIndexOf(':')) return parseBareIpv6(text)
  const host = colon === -1 ? text : text.slice(0, colon)
  const port = colon === -1 ? null : readPort(text.slice(colon + 1))
  if (port === undefined) return { fault: portFault }
  if (host.includes('/') || isIPv4(host)) return ofNetwork(text, host, port)
  return parseHost(text, host, port)
}

const portFault = 'the port must be a whole number from 1 to 65535'

function parseBracketed(text: string): Result {
  const close = text.indexOf(']')
  const address = text.slice(1, Math.max(close, 1))
  if (!isIPv6(address)) return { fault: `must be ${destinationForm}` }
  const [length = '', digits, ...more] = text.slice(close + 1).split(':')
  if (more.length > 0 || (length !== '' && !length.startsWith('/')))
    return { fault: `must be ${destinationForm}` }
  const port = digits === undefined ? null : readPort(digits)
  return port === undefined ? { fault: portFault } : ofNetwork(text, `${address}${length}`, port)
}

function parseBareIpv6(text: string): Result {
  const isNetwork = isIPv6(text.split('/')[0] ?? '')
  if (isNetwork && !/\/.*:/.test(text)) return ofNetwork(text, text, null)
  return { fault: 'write an IPv6 address in brackets, such as [::1]:8080 or [fd00::]/8' }
}

function ofNetwork(text: string, network: string, port: number | null): Result {
  const fault = networkFault(network)
  return fault === undefined ? { entry: { text, host: null, network, port } } : { fault }
}

function parseHost(text: string, written: string, port: number | null): Result {
  const host = written.toLowerCase().replace(/\.$/, '')
  const labels = host.replace(/^\*\./, '').split('.')
  if (host.includes('*') && !/^\*\.[^*]+$/.test(host))
    return { fault: '* may only replace the leading labels, such as "*.example.com"' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is not ASCII
  if (/[^\x00-\x7f]/.test(host)) {
    const ascii = domainToASCII(host)
    const right = ascii === '' ? 'in its xn-- form' : `"${ascii}"`
    return { fault: `must be written in ASCII, as requests contain it: ${right}` }
  }
  if (host.length > 253 || !labels.every((one) => label.test(one)))
    return { fault: `must be ${destinationForm}` }
  // Resolvers read such names as addresses, each differently: 127.1, 0x7f.1, 2130706433.
  if (number.test(labels.at(-1) ?? ''))
    return { fault: 'is neither a name nor an address; write an IPv4 address as four decimal numbers' }
  return { entry: { text, host, network: null, port } }
}

function readPort(digits: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(digits) ? Number(digits) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

export const portRangeForm = 'a range of ports as text, such as "1024-65535"'

/** Reads `first-last`; null for anything else. */
export function parsePortRange(text: string): PortRange | null {
  const [from = '', to = '', ...more] = text.split('-')
  const [first, last] = [readPort(from), readPort(to)]
  return first === undefined || last === undefined || more.length > 0 || first > last ? null : { first, last }
}
