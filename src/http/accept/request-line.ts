/**
 * llhttp takes several spaces in a request line for one, and hands out the parts; a line that two readers may cut in different places
 * is refused here (RFC 9112 3). Its bytes are looked at only when the head is longer than its parts: a copy of the read costs as much
 * as a sixth of a small request.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

type ParsedSocket = Socket & { readonly parser?: { getCurrentBuffer?(): Buffer } | null }

/** Whether the head has more between its parts than it should. Called while it is parsed, with the bytes that came since the one before. */
export function isSpread(req: IncomingMessage, bytes: number): boolean {
  const { method = '', url = '', rawHeaders, socket } = req
  // Two spaces, the version and the line ends; a colon, a space and a line end for each field.
  let length = method.length + url.length + 14 + rawHeaders.length * 2
  for (let at = 0; at < rawHeaders.length; at += 1) length += (rawHeaders[at] as string).length
  if (length === bytes) return false
  // Only what the last read held: a line that came in pieces is not found, and passes.
  const read = (socket as ParsedSocket).parser?.getCurrentBuffer?.()
  if (read === undefined || read.includes(`${method} ${url} HTTP/`, 'latin1')) return false
  const at = read.indexOf(`${method}  `, 'latin1')
  return at === 0 || (at > 0 && read[at - 1] === 0x0a) || read.includes(`${method} ${url}  `, 'latin1')
}
