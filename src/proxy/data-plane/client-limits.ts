import { formatAddressBits, readIpAddress } from '../../http/address/address.ts'
import type { Admission } from '../exchange/admission.ts'
import type { DoorLimit } from '../exchange/traffic.ts'

/**
 * Open connections by client, for `max_connections_per_client`. A client is an IPv4 address or an IPv6 /64, which is what
 * one subscriber has. There are never more entries than open connections.
 */
export class ClientCounts {
  readonly #open = new Map<string, number>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection of the client; false when it has as many as it may have. */
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

  /** Clients that have a connection. */
  get size(): number {
    return this.#open.size
  }
}

/** What an address counts as: an IPv4 address is itself, an IPv6 address its /64, and a peer without an address its own name. */
export function clientOf(address: string): string {
  const bits = readIpAddress(address)
  if (bits === null) return address
  return typeof bits === 'number'
    ? formatAddressBits(bits)
    : `${formatAddressBits(`${bits.slice(0, 4)}\0\0\0\0`)}/64`
}

/** Asks for the client first, where it is known, and for the worker then; `onRefused` hears of what never came to the worker's own admission. */
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
    open(address) {
      if (address !== undefined && !enter(address)) return false
      if (admission.open(address)) return true
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
