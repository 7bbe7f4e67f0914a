/** What to do about each error of the table. For operators; never sent to a client. */
import type { ErrorCode } from './errors.ts'

export const remedies: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST:
    'Send a request that RFC 9112 allows; inspect the bytes that the client, or a proxy in front, sends.',
  BAD_TARGET:
    'Send a path to a reverse proxy or static files, an absolute http(s) URL or CONNECT to a forward proxy.',
  BAD_AUTHORITY: 'Name one valid host, and a port from 1 to 65535.',
  BAD_FORWARDED:
    'Make the proxy in front append its client address to the field that forwarding.believe selects (X-Forwarded-For or Forwarded), or remove it from trusted_proxies.',
  BAD_PATH: 'Send an unambiguous path: complete escapes, no NUL, no backslash, no .. above the root.',
  AUTH_REQUIRED: 'Send the credentials of a user of auth.users.',
  FORBIDDEN_CLIENT:
    'Add the client network to access.allow, or remove it from access.deny. Behind another proxy, list that proxy in trusted_proxies.',
  FORBIDDEN_PATH: 'Keep files below root_dir and readable; links must not lead out of it.',
  FORBIDDEN_DESTINATION:
    'If clients may reach it, add a network (or, for private addresses, a host pattern) to destinations.allow and remove matching entries from destinations.deny. A listener of this daemon needs an entry with its port.',
  FORBIDDEN_PORT: 'If clients may open tunnels to this port, add it to destinations.connect_ports.',
  NOT_FOUND: 'Request a path below a mount, or add the mount or the file.',
  METHOD_NOT_ALLOWED: 'Use a method that the Allow field of the response lists.',
  PROXY_AUTH_REQUIRED: 'Configure the client with the proxy credentials of a user of auth.users.',
  REQUEST_TIMEOUT: 'Send the request without long pauses, or raise timeouts.header_secs or body_idle_secs.',
  BODY_TOO_LARGE: 'Send less, or raise request_limits.max_body_size.',
  TARGET_TOO_LONG: 'Send a shorter target, or raise request_limits.max_target_size.',
  RANGE_NOT_SATISFIABLE: 'Request a range within the file; Content-Range of the response contains its size.',
  PRECONDITION_FAILED: 'Fetch the file again: it has changed.',
  EXPECTATION_FAILED: 'Send no Expect value other than 100-continue.',
  RATE_LIMITED: 'Wait for the time in Retry-After, or raise the limit of the rule in rate_limiting.',
  HEAD_TOO_LARGE:
    'Send fewer or shorter fields (usually cookies), or raise request_limits.max_header_size or max_headers.',
  CLIENT_ABORTED:
    'None if it is rare. If it happens often, compare the timeout of the client with the response times.',
  CLIENT_STALLED: 'Read the response faster, raise timeouts.body_idle_secs, or lower min_rate_bytes_per_sec.',
  CLOSED_BY_OPERATOR: 'Connect again; the log says who closed it.',
  INTERNAL: 'This is a fault of the daemon: report it with the log lines of its request id.',
  NOT_IMPLEMENTED: 'Send the body chunked or with a length, and no OPTIONS *.',
  UPSTREAM_REFUSED: 'Check that the upstream runs and listens on the address in target.',
  UPSTREAM_UNRESOLVED: 'Check the spelling of the host in target, and that the resolver knows it.',
  UPSTREAM_BROKEN: 'Read the log of the upstream: it closed too early, or its response is not valid HTTP.',
  OVER_LIMIT:
    'Try again in a moment. If it continues, raise the limit, add instances (worker_threads), or find the clients that hold connections.',
  AUTH_BUSY:
    'Try again in a moment. Many passwords at once mean many new users, or an attack that guesses passwords.',
  WORKER_STARTING:
    'Wait for the start. If it takes long, check what keeps the machine busy; the log names the instance.',
  WORKER_RESTARTING: 'Read in the log why the previous instance ended and why its successor starts slowly.',
  WORKER_GAVE_UP:
    'Read in the log why its instances end. The supervisor tries again after a minute, or at once on the restart operation of admin.',
  OUT_OF_SERVICE: 'An operator drained the worker; the restart operation of admin puts it back.',
  DRAINING: 'Try again: another instance, or the daemon after its restart, serves the request.',
  UPSTREAM_CONNECT_TIMEOUT:
    'Check that the upstream is reachable and not overloaded, or raise resource_limits.connection_timeout_secs.',
  UPSTREAM_TIMEOUT: 'Find out why the upstream is slow, or raise timeouts.response_secs.',
  EXCHANGE_TIMEOUT: 'Find the slow part (the access log has the times), or raise timeouts.exchange_secs.',
  VERSION_NOT_SUPPORTED: 'Use HTTP/1.0, HTTP/1.1, or HTTP/2 over TLS.',
  LOOP: 'Point the target, or the proxy setting of the client, to an address other than this daemon.',
  CONFIG_INVALID: 'Correct each line that the message names; --check validates the file.',
  CONFIG_UNREADABLE: 'Name a file that exists and that this user may read.',
  SECRET_UNREADABLE:
    'Provide the key that encrypted the value (BIFROST_SECRET_HOME or BIFROST_MASTER_KEY), or encrypt it again.',
  LISTEN_FAILED: 'Free the address, or choose another.',
  RUNTIME_TOO_OLD: 'Run the daemon with a newer Node; the message names the version.',
  RUNTIME_OPTION: 'Start Node without that option.',
  WORKER_FAILED: 'Read the log line before it: it contains the reason why the instance ended.',
}
