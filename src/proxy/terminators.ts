import type { ListenerSettings } from '../config/settings.ts'
import { type TerminatorOptions, TlsTerminator } from '../http/tls.ts'
import type { TlsMaterial } from '../tls/material.ts'

/** What ends TLS on each listener of a worker; null where it is not spoken. */
export type Terminators = readonly (TlsTerminator | null)[]

export function createTerminators(
  listen: readonly ListenerSettings[],
  materials: readonly (TlsMaterial | null)[],
  common: Pick<TerminatorOptions, 'protocols' | 'onSecure' | 'onFailed'>,
): Terminators {
  return listen.map(({ tls }, at) => {
    const material = materials[at] ?? null
    if (tls === undefined || material === null) return null
    const { minVersion, ciphers, handshakeMs, clients } = tls
    const clientAuth = clients === null ? 'off' : clients.isRequired ? 'required' : 'optional'
    return new TlsTerminator({ minVersion, ciphers, handshakeMs, clientAuth, ...common }, material)
  })
}
