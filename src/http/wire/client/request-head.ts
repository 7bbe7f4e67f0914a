/** Writes HTTP/1.1 request heads (RFC 9112 3). */
import { isName } from '../../fields/fields.ts'

/** A request head as text. */
export interface WrittenHead {
  readonly text: string
  /** Bytes of the body: Content-Length, -1 for chunks. */
  readonly length: number
}

/** Methods whose content has a meaning, so that a missing one has to be announced (RFC 9110 8.6). */
const expectContent = /^(?:POST|PUT|PATCH|QUERY|PROPFIND|PROPPATCH)$/

const method = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const noTarget = /[^\x21-\xff]/
const noValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The head of a request as latin1 text. Null if a part of it would not stay in its place, such as a line end
 * in a value: the client's fields were checked when they were read, and this is the last check.
 */
export function requestHead(
  request: {
    readonly method: string
    readonly path: string
    /** Flat. */
    readonly fields: readonly string[]
    /** `isAwaited`: the upstream is asked first whether it wants the body. */
    readonly body: { readonly isAwaited: boolean } | null
  },
  /** Host of a request without one. */
  authority: string,
): WrittenHead | null {
  const { fields, body } = request
  if (!method.test(request.method) || request.path === '' || noTarget.test(request.path)) return null
  let text = `${request.method} ${request.path} HTTP/1.1\r\n`
  let hasHost = false
  let hasTe = false
  let length = -1
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (noValue.test(value) || !method.test(name)) return null
    if (name.length === 4 && isName(name, 'host')) hasHost = true
    else if (name.length === 14 && isName(name, 'content-length')) {
      if (length !== -1 || !/^\d{1,15}$/.test(value)) return null
      length = Number(value)
      if (length > 0 && body === null) return null
    } else if (name.length === 2 && isName(name, 'te')) hasTe = true
    text += `${name}: ${value}\r\n`
  }
  if (!hasHost) text += `Host: ${authority}\r\n`
  if (length === -1) {
    if (body !== null) text += 'Transfer-Encoding: chunked\r\n'
    else if (expectContent.test(request.method)) text += 'Content-Length: 0\r\n'
  }
  if (body?.isAwaited) text += 'Expect: 100-continue\r\n'
  // Some servers send content after a HEAD: nothing else may be received on that connection.
  const connection = request.method === 'HEAD' ? 'close' : 'keep-alive'
  // TE is for the next hop only, which Connection has to declare (RFC 9110 10.1.4).
  return { text: `${text}Connection: ${connection}${hasTe ? ', TE' : ''}\r\n\r\n`, length }
}

/** One field line; null if it would not stay in its place. */
export function fieldLine(name: string, value: string): string | null {
  return noValue.test(value) || !method.test(name) ? null : `${name}: ${value}\r\n`
}
