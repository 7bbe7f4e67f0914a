import type { Admission } from './admission.ts'
import type { DoorLimit } from './traffic.ts'

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

/** What a peer's address counts as: an IPv4 address in either form is itself, an IPv6 address its /64. */
export function clientOf(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  if (!address.includes(':')) return address
  const [plain = ''] = address.split('%', 1)
  const [front = '', back] = plain.split('::')
  const head = front === '' ? [] : front.split(':')
  const tail = back === undefined || back === '' ? [] : back.split(':')
  const zeros = back === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail]
  return `${groups.slice(0, 4).join(':')}::/64`
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
