/**
 * Warnings about valid but probably unintended settings. Printed by --check and logged at start. An access list with `deny`
 * alone still admits every other client.
 */
import { formatAddress, isLocalAddress } from '../address/address.ts'
import type { DaemonSettings } from '../settings/settings.ts'

export function warningsOf({ workers }: Pick<DaemonSettings, 'workers'>): readonly string[] {
  return workers.flatMap(({ listen, services }) => {
    const forward = services.find(({ type }) => type === 'forward')
    if (forward === undefined || forward.auth !== null || (forward.access?.allow.length ?? 0) > 0) return []
    const open = listen.filter((one) => !isLocalAddress(one) && one.tls?.clients?.isRequired !== true)
    if (open.length === 0) return []
    const addresses = open.map(formatAddress).join(', ')
    return [
      `workers.forward_proxy listens on ${addresses} without auth or access.allow, so any client that can connect can use it; add one of them, or listen on 127.0.0.1`,
    ]
  })
}
