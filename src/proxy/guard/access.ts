/** The access list of a service. */
import type { AccessSettings } from '../../config/settings/settings.ts'
import { NetworkSet, readIpAddress, unixPeer } from '../../http/address/address.ts'

/** The clients that may use a service, by network. `deny` wins over `allow`. */
export class AccessList {
  /** Null: every client that is not denied. */
  readonly #allowed: NetworkSet | null
  readonly #denied: NetworkSet

  constructor({ allow, deny }: AccessSettings) {
    this.#allowed = allow.length === 0 ? null : new NetworkSet(allow)
    this.#denied = new NetworkSet(deny)
  }

  /** `client` is an address or `unix:`. Any other text is refused, because no network can contain it. */
  admits(client: string): boolean {
    const bits = client === unixPeer ? null : readIpAddress(client)
    if (bits === null && client !== unixPeer) return false
    if (this.#denied.has(bits)) return false
    return this.#allowed?.has(bits) ?? true
  }
}
