/** Error texts for a failed bind. */

import type { ListenAddress } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'

/** Explanations of a failed bind for the operator who has to fix it. */
const hints: ReadonlyMap<string, string> = new Map(
  Object.entries({
    EADDRINUSE: 'the address is already in use; stop the program that uses it, or choose another port',
    EACCES: 'this user may not listen on it; choose a port above 1023, or grant CAP_NET_BIND_SERVICE',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'the host name cannot be resolved',
  }),
)

/** One clear line for an address that cannot be listened on; `purpose` as in ` for admin`. */
export function bindFailure(
  { host, port }: ListenAddress,
  cause: NodeJS.ErrnoException,
  purpose = '',
): BifrostError {
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const hint = hints.get(cause.code ?? '') ?? cause.message
  return new BifrostError('LISTEN_FAILED', `cannot listen on ${at}${purpose}: ${hint}`, { cause })
}
