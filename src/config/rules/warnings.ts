/**
 * What a valid configuration should not have without a reason: told by --check and at start. An access list with `deny` alone still lets
 * every other client in.
 */
import { formatAddress, isLocalAddress } from '../address/address.ts'
import type { DaemonSettings } from '../settings/settings.ts'

export function warningsOf({ workers }: Pick<DaemonSettings, 'workers'>): readonly string[] {
  return workers.flatMap(({ listen, services }) => {
    const forward = services.find(({ type }) => type === 'forward')
    if (forward === undefined || forward.auth !== null || (forward.access?.allow.length ?? 0) > 0) return []
    const open = listen.filter((one) => !isLocalAddress(one) && one.tls?.clients?.isRequired !== true)
    if (open.length === 0) return []
    const places = open.map(formatAddress).join(', ')
    return [
      `workers.forward_proxy listens on ${places} without auth or access.allow: whoever can connect can use it; add one of them, or listen on 127.0.0.1`,
    ]
  })
}
