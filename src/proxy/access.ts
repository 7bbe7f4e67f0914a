import type { AccessSettings } from '../config/settings.ts'
import { NetworkSet, readAddress } from '../http/address.ts'

/** Which clients a service is for, by their networks. What is denied stays denied, also inside of a network that is allowed. */
export class AccessList {
  /** Null: everybody who is not denied. */
  readonly #allowed: NetworkSet | null
  readonly #denied: NetworkSet

  constructor({ allow, deny }: AccessSettings) {
    this.#allowed = allow.length === 0 ? null : new NetworkSet(allow)
    this.#denied = new NetworkSet(deny)
  }

  /** A client without an address has come over a Unix socket; in the lists it is `unix:`. */
  admits(address: string): boolean {
    const bits = readAddress(address)
    if (this.#denied.has(bits)) return false
    return this.#allowed?.has(bits) ?? true
  }
}
