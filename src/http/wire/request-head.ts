/** Writes HTTP/1.1 request heads. */
import { isName } from '../fields/fields.ts'

export interface RequestHead {
  readonly text: string
  /** Bytes of the body: Content-Length, -1 for chunks. */
  readonly length: number
}

/** Methods whose content has a meaning, so that none of it has to be said (RFC 9110 8.6). */
const expectContent = /^(?:POST|PUT|PATCH|QUERY|PROPFIND|PROPPATCH)$/

const method = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const noTarget = /[^\x21-\xff]/
const noValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The head of a request as it is written, latin1. Null when a part of it would not stay in its place, such as a line end in a value: what
 * came from the client was checked on its way in, and this is the last look.
 */
export function requestHead(request: {
  readonly method: string
  readonly path: string
  /** Flat. */
  readonly headers: readonly string[]
  /** For a request without Host. */
  readonly authority: string
  /** `isAwaited`: the upstream is asked whether it wants it. */
  readonly body: { readonly isAwaited: boolean } | null
}): RequestHead | null {
  const { headers, body } = request
  if (!method.test(request.method) || request.path === '' || noTarget.test(request.path)) return null
  let text = `${request.method} ${request.path} HTTP/1.1\r\n`
  let hasHost = false
  let hasTe = false
  let length = -1
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    const value = headers[at + 1] as string
    if (noValue.test(value) || !method.test(name)) return null
    if (name.length === 4 && isName(name, 'host')) hasHost = true
    else if (name.length === 14 && isName(name, 'content-length')) {
      if (length !== -1 || !/^\d{1,15}$/.test(value)) return null
      length = Number(value)
      if (length > 0 && body === null) return null
    } else if (name.length === 2 && isName(name, 'te')) hasTe = true
    text += `${name}: ${value}\r\n`
  }
  if (!hasHost) text += `Host: ${request.authority}\r\n`
  if (length === -1) {
    if (body !== null) text += 'Transfer-Encoding: chunked\r\n'
    else if (expectContent.test(request.method)) text += 'Content-Length: 0\r\n'
  }
  if (body?.isAwaited) text += 'Expect: 100-continue\r\n'
  // Some servers send content after a HEAD: nothing else may come over that connection.
  const connection = request.method === 'HEAD' ? 'close' : 'keep-alive'
  // RFC 9110 10.1.4: TE is for the next hop only, and says so.
  return { text: `${text}Connection: ${connection}${hasTe ? ', TE' : ''}\r\n\r\n`, length }
}

/** One field as it is written; null when it would not stay in its place. */
export function fieldLine(name: string, value: string): string | null {
  return noValue.test(value) || !method.test(name) ? null : `${name}: ${value}\r\n`
}
