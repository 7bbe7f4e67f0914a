/**
 * The PROXY protocol (haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.1 and 2.2): what a proxy in front says of a connection, before
 * anything else on it. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress, formatAddressBits, readAddressBytes } from '../address/address.ts'

export interface ProxyHeader {
  /** Bytes of the header; what comes after them is the connection's. */
  readonly length: number
  /** The client, by its canonical address; null if the proxy speaks for itself (LOCAL) or names no IP address. */
  readonly client: { readonly address: string; readonly port: number } | null
}

/** `partial`: more bytes are needed. `invalid`: no more bytes make a header of it. */
export type ParsedProxyHeader = ProxyHeader | 'partial' | 'invalid'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** A line of version 1 with its CRLF. */
const maxV1Bytes = 107
/** A header of version 2 with all that it says besides; far more than addresses and usual TLVs take. */
const maxV2Bytes = 4096

export function parseProxyHeader(bytes: Buffer): ParsedProxyHeader {
  if (bytes.length === 0) return 'partial'
  return bytes[0] === 0x50 ? parseV1(bytes) : parseV2(bytes)
}

function parseV1(bytes: Buffer): ParsedProxyHeader {
  const start = 'PROXY '
  const got = bytes.toString('latin1', 0, start.length)
  if (!start.startsWith(got)) return 'invalid'
  const end = bytes.subarray(0, maxV1Bytes).indexOf('\r\n')
  if (end === -1) return bytes.length < maxV1Bytes ? 'partial' : 'invalid'
  const length = end + 2
  const line = bytes.toString('latin1', start.length, end)
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { length, client: null }
  const [family, from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ')
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false
  const isValid = more.length === 0 && isAddress(from) && isAddress(to) && isPort(fromPort) && isPort(toPort)
  const address = isValid ? canonicalAddress(from) : null
  return address === null ? 'invalid' : { length, client: { address, port: Number(fromPort) } }
}

const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%')
const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535

const isStart = (bytes: Buffer): boolean =>
  bytes.subarray(0, signature.length).equals(signature.subarray(0, bytes.length))

function parseV2(bytes: Buffer): ParsedProxyHeader {
  if (!isStart(bytes)) return 'invalid'
  if (bytes.length < 16) return 'partial'
  const version = bytes[12] as number
  const family = bytes[13] as number
  const length = 16 + bytes.readUInt16BE(14)
  const command = version & 0x0f
  if (version >> 4 !== 2 || command > 1 || family >> 4 > 3 || (family & 0x0f) > 2) return 'invalid'
  if (length > maxV2Bytes) return 'invalid'
  // What is said of addresses has to fit into what is said of the length; for LOCAL it is to be ignored.
  const addressBytes = command === 0 ? 0 : (addressBytesOf[family >> 4] as number)
  if (length < 16 + addressBytes) return 'invalid'
  if (bytes.length < length) return 'partial'
  const isStream = command === 1 && (family & 0x0f) === 1
  return { length, client: isStream ? clientOf(bytes, family >> 4) : null }
}

/** By family: unspecified, IPv4, IPv6, Unix. */
const addressBytesOf: readonly number[] = [0, 12, 36, 216]

function clientOf(bytes: Buffer, family: number): ProxyHeader['client'] {
  if (family !== 1 && family !== 2) return null
  const [end, portAt] = family === 1 ? [20, 24] : [32, 48]
  const address = formatAddressBits(readAddressBytes(bytes.subarray(16, end)))
  return { address, port: bytes.readUInt16BE(portAt) }
}
