/** Maps errors of Node, and of undici for HTTP/2 upstreams, to codes of the error table. */
import { BifrostError, type ErrorCode } from '../errors.ts'

const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    ECONNREFUSED: 'UPSTREAM_REFUSED',
    EHOSTUNREACH: 'UPSTREAM_REFUSED',
    ENETUNREACH: 'UPSTREAM_REFUSED',
    EHOSTDOWN: 'UPSTREAM_REFUSED',
    ENETDOWN: 'UPSTREAM_REFUSED',
    EADDRNOTAVAIL: 'UPSTREAM_REFUSED',
    EACCES: 'UPSTREAM_REFUSED',
    EPERM: 'UPSTREAM_REFUSED',
    EINVAL: 'UPSTREAM_REFUSED',
    EMFILE: 'INTERNAL',
    ENFILE: 'INTERNAL',
    ENOTFOUND: 'UPSTREAM_UNRESOLVED',
    ENODATA: 'UPSTREAM_UNRESOLVED',
    EAI_AGAIN: 'UPSTREAM_UNRESOLVED',
    EAI_FAIL: 'UPSTREAM_UNRESOLVED',
    EAI_NODATA: 'UPSTREAM_UNRESOLVED',
    EAI_NONAME: 'UPSTREAM_UNRESOLVED',
    ETIMEDOUT: 'UPSTREAM_CONNECT_TIMEOUT',
    ECONNECT_TIMEOUT: 'UPSTREAM_CONNECT_TIMEOUT',
    UND_ERR_HEADERS_TIMEOUT: 'UPSTREAM_TIMEOUT',
    UND_ERR_BODY_TIMEOUT: 'UPSTREAM_TIMEOUT',
    UND_ERR_INVALID_ARG: 'BAD_REQUEST',
    UND_ERR_NOT_SUPPORTED: 'BAD_REQUEST',
    UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'BAD_REQUEST',
  }),
)

/** The error code for a failure of the upstream. Unknown failures are UPSTREAM_BROKEN. */
export function failureCode(error: unknown): ErrorCode {
  if (error instanceof BifrostError) return error.code
  const code = systemCode(error)
  // A TypeError comes from our own code in a handler, so it is not the upstream's fault.
  if (code === '' && error instanceof TypeError) return 'INTERNAL'
  return codes.get(code) ?? 'UPSTREAM_BROKEN'
}

/** The `code` of a Node or undici error; '' if it has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}
