import type { ErrorCode } from './errors.ts'

/** What would be right, for each row of the error table: for whoever runs the daemon, and never sent to a client. */
export const remedies: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST:
    'Send what RFC 9112 allows; look at what the client, or a proxy before this one, writes on the wire.',
  BAD_TARGET:
    'Send a path to a reverse proxy or static files, and a whole http(s) URL or CONNECT to a forward proxy.',
  BAD_AUTHORITY: 'Name one valid host, and a port from 1 to 65535.',
  BAD_FORWARDED:
    'Let the proxy before this one append the address of its client to X-Forwarded-For (or Forwarded, as forwarding.believe says), or take it out of trusted_proxies.',
  BAD_PATH: 'Send a path with one meaning: whole escapes, no NUL, no backslash, no .. above the root.',
  AUTH_REQUIRED: 'Send the credentials of a user of auth.users.',
  FORBIDDEN_CLIENT:
    'Add the network of the client to access.allow, or take it out of access.deny; behind a proxy, list that in trusted_proxies.',
  FORBIDDEN_PATH: 'Serve what is below root_dir and readable; links must not lead out of it.',
  FORBIDDEN_DESTINATION:
    'If clients may reach it, add a network (or, for private addresses, a host pattern) to destinations.allow, with the port for a listener of this daemon, and remove what denies it from destinations.deny.',
  FORBIDDEN_PORT: 'If clients may open tunnels to this port, add it to destinations.connect_ports.',
  NOT_FOUND: 'Ask for a path that a mount has, or add a mount or the file.',
  METHOD_NOT_ALLOWED: 'Use a method that the answer names in Allow.',
  PROXY_AUTH_REQUIRED: 'Give the client the credentials of a user of auth.users for its proxy.',
  REQUEST_TIMEOUT: 'Send the request without long pauses, or raise timeouts.header_secs or body_idle_secs.',
  BODY_TOO_LARGE: 'Send less, or raise request_limits.max_body_size.',
  TARGET_TOO_LONG: 'Send a shorter target, or raise request_limits.max_target_size.',
  RANGE_NOT_SATISFIABLE: 'Ask for a range within the file: Content-Range of the answer has its size.',
  PRECONDITION_FAILED: 'Fetch the file anew: it has changed.',
  EXPECTATION_FAILED: 'Send no other Expect than 100-continue.',
  RATE_LIMITED: 'Wait as long as Retry-After says, or raise the limit of the rule in rate_limiting.',
  HEAD_TOO_LARGE:
    'Send fewer or shorter fields (cookies, mostly), or raise request_limits.max_header_size or max_headers.',
  CLIENT_ABORTED:
    "Nothing, unless it happens often: then look at the client's own timeout and at how long answers take.",
  CLIENT_STALLED: 'Read the answer, or raise timeouts.body_idle_secs or lower min_rate_bytes_per_sec.',
  CLOSED_BY_OPERATOR: 'Connect anew; the log says who has closed it.',
  INTERNAL: 'Report it with the lines of the log that have its request id: it is a fault of this daemon.',
  NOT_IMPLEMENTED: 'Send the request in another way: chunked or with a length, and no OPTIONS *.',
  UPSTREAM_REFUSED: 'See that the upstream runs and listens where the target says.',
  UPSTREAM_UNRESOLVED: 'See that the host of the target is spelled right and known to the resolver.',
  UPSTREAM_BROKEN: 'Look at the log of the upstream: it closed too early, or its answer is no valid HTTP.',
  OVER_LIMIT:
    'Try again in a moment; if it goes on, raise the limit, add instances (worker_threads), or find who holds the connections.',
  AUTH_BUSY:
    'Try again in a moment; many passwords at once are either many new users or somebody who guesses.',
  WORKER_STARTING:
    'Wait for the start to end; if it takes long, see what keeps the machine busy. The log names the instance.',
  WORKER_RESTARTING:
    'Find out from the log why the instance before ended and why its successor starts slowly.',
  WORKER_GAVE_UP:
    'Find out from the log why its instances end; it is tried again after a minute, or now with the restart operation of admin.',
  OUT_OF_SERVICE: 'An operator has drained the worker; the restart operation of admin puts it back.',
  DRAINING: 'Try again: another instance, or the next start, serves it.',
  UPSTREAM_CONNECT_TIMEOUT:
    'See that the upstream is reachable and not overloaded, or raise resource_limits.connection_timeout_secs.',
  UPSTREAM_TIMEOUT: 'Find out why the upstream is slow, or raise timeouts.response_secs.',
  EXCHANGE_TIMEOUT:
    'Find out what was slow (its times are in the access log), or raise timeouts.exchange_secs.',
  VERSION_NOT_SUPPORTED: 'Speak HTTP/1.0, HTTP/1.1, or HTTP/2 over TLS.',
  LOOP: 'Point the target, or the proxy of the client, elsewhere than at this daemon.',
  CONFIG_INVALID: 'Mend each line that the message names; --check tries it.',
  CONFIG_UNREADABLE: 'Name a file that exists and that this user may read.',
  SECRET_UNREADABLE:
    'Give the key that the value was encrypted with (BIFROST_SECRET_HOME), or encrypt it anew.',
  LISTEN_FAILED: 'Free the address, or choose another one.',
  RUNTIME_TOO_OLD: 'Run it with a newer Node; the message says since when it has what is missing.',
  RUNTIME_OPTION: 'Start Node without that option.',
  WORKER_FAILED: 'Look at the line of the log before it: it says what the instance ended with.',
}
