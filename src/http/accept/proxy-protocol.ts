/**
 * Parses the PROXY protocol (haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.1 and 2.2), with which a proxy in
 * front announces the client at the start of a connection. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress, formatAddressBits, readAddressBytes } from '../address/address.ts'

export interface ProxyHeader {
  /** Size of the header in bytes; the connection's own data follows it. */
  readonly length: number
  /** The client, with its canonical address; null for the proxy's own connections (LOCAL) and without an IP address. */
  readonly client: { readonly address: string; readonly port: number } | null
}

/** `partial`: more bytes are needed. `invalid`: further bytes cannot make it a header. */
export type ParsedProxyHeader = ProxyHeader | 'partial' | 'invalid'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Maximum size of a version 1 line, with its CRLF. */
const maxV1Bytes = 107
/** Maximum size of a version 2 header, far above that of the addresses and the usual TLVs. */
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
  // The addresses must fit into the announced length. LOCAL headers have none that count.
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
