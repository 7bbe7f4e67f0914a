/** The limit of open connections per client (`max_connections_per_client`). */
import type { Admission } from '../exchange/admission.ts'
import type { DoorLimit } from '../exchange/traffic.ts'
import { clientOf } from '../guard/client-of.ts'

/**
 * Open connections by client. A client is an IPv4 address or an IPv6 /64, the size of one subscriber's
 * network. Never has more entries than open connections.
 */
export class ClientCounts {
  readonly #open = new Map<string, number>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection of the client; returns false if the client is at its limit. */
  enter(client: string): boolean {
    const open = this.#open.get(client) ?? 0
    if (open >= this.#max) return false
    this.#open.set(client, open + 1)
    return true
  }

  leave(client: string): void {
    const open = this.#open.get(client) ?? 0
    if (open > 1) this.#open.set(client, open - 1)
    else this.#open.delete(client)
  }

  /** Number of clients with an open connection. */
  get size(): number {
    return this.#open.size
  }
}

/**
 * Checks the limit of the client, if known, before that of the worker. `onRefused` is called for connections
 * that never reached the worker's own admission.
 */
export function limitClients(admission: Admission, max: number, onRefused: () => void): Admission {
  const counts = new ClientCounts(max)
  let refusedBy: DoorLimit = 'worker'
  const enter = (address: string): boolean => {
    const isBelow = counts.enter(clientOf(address))
    refusedBy = isBelow ? 'worker' : 'client'
    if (!isBelow) onRefused()
    return isBelow
  }
  return {
    get refusedBy() {
      return refusedBy
    },
    open(address, isMoved) {
      if (address !== undefined && !enter(address)) return false
      if (admission.open(address, isMoved)) return true
      if (address !== undefined) counts.leave(clientOf(address))
      return false
    },
    identify: enter,
    close(address) {
      if (address !== undefined) counts.leave(clientOf(address))
      admission.close(address)
    },
  }
}
