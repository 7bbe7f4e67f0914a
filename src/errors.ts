/**
 * The error table: one row for each failure that the daemon answers, logs or counts (seed S021). Match on `code`, never
 * on the class or the text.
 */

export type ErrorSource = 'client' | 'proxy' | 'upstream'

interface ErrorRow {
  /** HTTP status of the response; 0 if none can be sent. */
  readonly status: number
  readonly source: ErrorSource
  /** Whether the exchange may be retried on another target if nothing was sent yet. */
  readonly retryable: boolean
  /** Text sent to the client. Contains no address, file or cause. */
  readonly message: string
}

const row = (status: number, source: ErrorSource, retryable: boolean, message: string): ErrorRow => ({
  status,
  source,
  retryable,
  message,
})

export const errorTable = {
  BAD_REQUEST: row(400, 'client', false, 'The request could not be understood.'),
  BAD_TARGET: row(400, 'client', false, 'The request target is not valid here.'),
  BAD_AUTHORITY: row(400, 'client', false, 'The host or port of the request target is not valid.'),
  BAD_FORWARDED: row(400, 'client', false, 'The proxy header with the client address is not valid.'),
  BAD_PATH: row(400, 'client', false, 'The path is not valid.'),
  AUTH_REQUIRED: row(401, 'client', false, 'Authentication required.'),
  FORBIDDEN_CLIENT: row(403, 'client', false, 'Access from this address is not allowed.'),
  FORBIDDEN_PATH: row(403, 'client', false, 'This path is not served.'),
  FORBIDDEN_DESTINATION: row(
    403,
    'client',
    false,
    'This proxy does not connect to this destination (workers.forward_proxy.destinations.allow and deny).',
  ),
  FORBIDDEN_PORT: row(
    403,
    'client',
    false,
    'CONNECT to this port is not allowed (workers.forward_proxy.destinations.connect_ports).',
  ),
  NOT_FOUND: row(404, 'client', false, 'Not found.'),
  METHOD_NOT_ALLOWED: row(405, 'client', false, 'This method is not allowed here.'),
  PROXY_AUTH_REQUIRED: row(407, 'client', false, 'Proxy authentication required.'),
  REQUEST_TIMEOUT: row(408, 'client', false, 'The request did not arrive in time.'),
  BODY_TOO_LARGE: row(413, 'client', false, 'The request body is too large.'),
  TARGET_TOO_LONG: row(414, 'client', false, 'The request target is too long.'),
  RANGE_NOT_SATISFIABLE: row(416, 'client', false, 'The range is outside the file.'),
  PRECONDITION_FAILED: row(412, 'client', false, 'A precondition of the request is not met.'),
  EXPECTATION_FAILED: row(417, 'client', false, 'This expectation cannot be met.'),
  RATE_LIMITED: row(429, 'client', false, 'Too many requests; please try again later.'),
  HEAD_TOO_LARGE: row(431, 'client', false, 'The request head is too large.'),
  CLIENT_ABORTED: row(499, 'client', false, 'The client closed the connection.'),
  CLIENT_STALLED: row(0, 'client', false, 'The client read its response too slowly.'),
  CLOSED_BY_OPERATOR: row(0, 'proxy', false, 'An operator closed this connection.'),
  INTERNAL: row(500, 'proxy', false, 'The proxy failed to handle this request.'),
  NOT_IMPLEMENTED: row(501, 'proxy', false, 'This kind of request is not supported.'),
  UPSTREAM_REFUSED: row(502, 'upstream', true, 'The upstream server could not be reached.'),
  UPSTREAM_UNRESOLVED: row(502, 'upstream', true, 'The upstream host could not be resolved.'),
  UPSTREAM_BROKEN: row(
    502,
    'upstream',
    true,
    'The upstream server closed the connection early or sent an invalid response.',
  ),
  OVER_LIMIT: row(503, 'proxy', false, 'Too many connections; please try again.'),
  AUTH_BUSY: row(503, 'proxy', false, 'Too many passwords are being checked; please try again.'),
  WORKER_STARTING: row(503, 'proxy', false, 'This service is still starting; please try again.'),
  WORKER_RESTARTING: row(503, 'proxy', false, 'This service is being restarted; please try again.'),
  WORKER_GAVE_UP: row(503, 'proxy', false, 'This service has failed; please try again later.'),
  OUT_OF_SERVICE: row(503, 'proxy', false, 'This service is out of service; please try again later.'),
  DRAINING: row(503, 'proxy', false, 'This proxy is shutting down; please try again.'),
  UPSTREAM_CONNECT_TIMEOUT: row(
    504,
    'upstream',
    true,
    'The upstream server did not accept the connection in time.',
  ),
  UPSTREAM_TIMEOUT: row(504, 'upstream', false, 'The upstream server did not respond in time.'),
  EXCHANGE_TIMEOUT: row(504, 'proxy', false, 'The request took too long.'),
  VERSION_NOT_SUPPORTED: row(505, 'client', false, 'This HTTP version is not supported.'),
  LOOP: row(508, 'proxy', false, 'This request has already passed this proxy.'),
  CONFIG_INVALID: row(0, 'proxy', false, 'The configuration is not valid.'),
  CONFIG_UNREADABLE: row(0, 'proxy', false, 'The configuration file cannot be read.'),
  SECRET_UNREADABLE: row(0, 'proxy', false, 'An encrypted value cannot be read.'),
  LISTEN_FAILED: row(0, 'proxy', false, 'The daemon cannot listen on an address.'),
  RUNTIME_TOO_OLD: row(0, 'proxy', false, 'This version of Node lacks a feature that the daemon needs.'),
  RUNTIME_OPTION: row(0, 'proxy', false, 'A Node option overrides a limit of the daemon.'),
  WORKER_FAILED: row(0, 'proxy', false, 'A worker ended unexpectedly.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

/**
 * The only error class that the daemon throws. `message` is for operators and may contain addresses and files; clients
 * receive only `errorTable[code].message`.
 */
export class BifrostError extends Error {
  override readonly name = 'BifrostError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message?: string, options?: { readonly cause?: unknown }) {
    super(message ?? errorTable[code].message, options)
    this.code = code
  }

  get status(): number {
    return errorTable[this.code].status
  }
}
