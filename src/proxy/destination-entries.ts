/** A list of host patterns and networks, and which of its entries a destination matches. Pure. */
import type { DestinationEntry } from '../config/settings-destinations.ts'
import { type AddressBits, NetworkSet } from '../http/address.ts'

interface HostEntry {
  /** The name, or what a name has to end with. */
  readonly text: string
  readonly isSuffix: boolean
  readonly port: number | null
  readonly at: number
}

interface NetworkEntry {
  readonly set: NetworkSet
  readonly port: number | null
  readonly at: number
}

export class EntryList {
  readonly #hosts: readonly HostEntry[]
  readonly #networks: readonly NetworkEntry[]

  constructor(entries: readonly DestinationEntry[]) {
    this.#hosts = entries.flatMap(({ host, port }, at) => {
      if (host === null) return []
      const isSuffix = host.startsWith('*.')
      return [{ text: isSuffix ? host.slice(1) : host, isSuffix, port, at }]
    })
    this.#networks = entries.flatMap(({ network, port }, at) =>
      network === null ? [] : [{ set: new NetworkSet([network]), port, at }],
    )
  }

  /** Index of the first host pattern that has the name; -1 for none. `host` is lower-case. */
  hostEntry(host: string, port: number): number {
    if (this.#hosts.length === 0) return -1
    const name = host.endsWith('.') ? host.slice(0, -1) : host
    const found = this.#hosts.find(
      (entry) =>
        (entry.port === null || entry.port === port) &&
        // What is below a domain has a label in front of its dot.
        (entry.isSuffix ? name.length > entry.text.length && name.endsWith(entry.text) : name === entry.text),
    )
    return found?.at ?? -1
  }

  /** Index of the first network that has the address; -1 for none. `needsPort`: only entries with the port count. */
  networkEntry(bits: AddressBits, port: number, needsPort = false): number {
    const found = this.#networks.find(
      (entry) => (entry.port === null ? !needsPort : entry.port === port) && entry.set.has(bits),
    )
    return found?.at ?? -1
  }
}
