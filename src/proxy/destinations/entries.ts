/** A list of host patterns and networks, and the entry that a destination matches. Pure. */
import type { DestinationEntry } from '../../config/settings/destinations.ts'
import { type AddressBits, NetworkSet } from '../../http/address/address.ts'

interface HostEntry {
  /** The name, or the required ending of a name. */
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
  /**
   * Texts of all host patterns, and all networks. Few destinations match any, so the others skip a long list.
   */
  readonly #texts: ReadonlySet<string>
  readonly #any: NetworkSet

  constructor(entries: readonly DestinationEntry[]) {
    this.#hosts = entries.flatMap(({ host, port }, at) => {
      if (host === null) return []
      const isSuffix = host.startsWith('*.')
      return [{ text: isSuffix ? host.slice(1) : host, isSuffix, port, at }]
    })
    this.#networks = entries.flatMap(({ network, port }, at) =>
      network === null ? [] : [{ set: new NetworkSet([network]), port, at }],
    )
    this.#texts = new Set(this.#hosts.map(({ text }) => text))
    this.#any = new NetworkSet(entries.flatMap(({ network }) => network ?? []))
  }

  /** Index of the first host pattern that matches the lower-case `host`, or -1. */
  hostEntry(host: string, port: number): number {
    const name = host.endsWith('.') ? host.slice(0, -1) : host
    if (!this.#mayHaveHost(name)) return -1
    const found = this.#hosts.find(
      (entry) =>
        (entry.port === null || entry.port === port) &&
        // A name below a domain has a label before the dot.
        (entry.isSuffix ? name.length > entry.text.length && name.endsWith(entry.text) : name === entry.text),
    )
    return found?.at ?? -1
  }

  /**
   * Index of the first network that contains the address, or -1. With `needsPort`, only entries
   * with this port count.
   */
  networkEntry(bits: AddressBits, port: number, needsPort = false): number {
    if (!this.#any.has(bits)) return -1
    const found = this.#networks.find(
      (entry) => (entry.port === null ? !needsPort : entry.port === port) && entry.set.has(bits),
    )
    return found?.at ?? -1
  }

  /** Whether any pattern contains the name or one of its parent domains, ignoring ports. */
  #mayHaveHost(name: string): boolean {
    if (this.#texts.size === 0) return false
    let dot = name.indexOf('.', 1)
    while (dot !== -1 && !this.#texts.has(name.slice(dot))) dot = name.indexOf('.', dot + 1)
    return dot !== -1 || this.#texts.has(name)
  }
}
