import type { AccessSettings } from '../../config/settings/settings.ts'
import { NetworkSet, readIpAddress, unixPeer } from '../../http/address/address.ts'

/** Which clients a service is for, by their networks. What is denied stays denied, also inside of a network that is allowed. */
export class AccessList {
  /** Null: everybody who is not denied. */
  readonly #allowed: NetworkSet | null
  readonly #denied: NetworkSet

  constructor({ allow, deny }: AccessSettings) {
    this.#allowed = allow.length === 0 ? null : new NetworkSet(allow)
    this.#denied = new NetworkSet(deny)
  }

  /** `client` is an address or `unix:`. Any other text is refused: no list can say anything about it. */
  admits(client: string): boolean {
    const bits = client === unixPeer ? null : readIpAddress(client)
    if (bits === null && client !== unixPeer) return false
    if (this.#denied.has(bits)) return false
    return this.#allowed?.has(bits) ?? true
  }
}
