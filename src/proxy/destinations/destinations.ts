/**
 * Where a forward proxy may connect to. Pure, except for reading this machine's addresses.
 *
 *   the target, before a look-up:  port of CONNECT -> deny, by name -> if it is an address: as below
 *   an address, before it is dialled:  deny -> own listeners -> allow -> refused by its class
 *
 * An IPv6 address that contains an IPv4 address passes only if both do.
 */
import { isIP } from 'node:net'
import type { DestinationEntry, DestinationSettings } from '../../config/settings/destinations.ts'
import { type AddressBits, readIpAddress } from '../../http/address/address.ts'
import type { ConnectedEnds } from '../../http/dial/gate.ts'
import { type AddressClass, classOf } from './address-class.ts'
import { embeddedIn } from './embedded-address.ts'
import { EntryList } from './entries.ts'
import type { OwnListeners } from './own-listeners.ts'

export interface DestinationRefusal {
  readonly code: 'FORBIDDEN_DESTINATION' | 'FORBIDDEN_PORT'
  /** A sentence without its full stop. */
  readonly text: string
  /** The deciding key, relative to the service. */
  readonly setting: string
}

const nouns: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  unspecified: 'an unspecified address',
  loopback: 'a loopback address',
  'link-local': 'a link-local address',
  metadata: 'an instance metadata address',
  multicast: 'a multicast address',
  broadcast: 'the broadcast address',
  private: 'a private network address',
  reserved: 'a reserved address',
}

export class Destinations {
  readonly #settings: DestinationSettings
  readonly #own: OwnListeners
  readonly #allow: EntryList
  readonly #deny: EntryList

  constructor(settings: DestinationSettings, own: OwnListeners) {
    this.#settings = settings
    this.#own = own
    this.#allow = new EntryList(settings.allow)
    this.#deny = new EntryList(settings.deny)
  }

  /** Checks a requested target before name resolution. Null if there is no objection so far. */
  refuseTarget(host: string, port: number, isConnect: boolean): DestinationRefusal | null {
    const isOpen = this.#settings.connectPorts.some(({ first, last }) => port >= first && port <= last)
    if (isConnect && !isOpen) {
      const setting = 'destinations.connect_ports'
      return { code: 'FORBIDDEN_PORT', text: `CONNECT to port ${port} is not allowed`, setting }
    }
    const denied = this.#deny.hostEntry(host, port)
    if (denied !== -1) return this.#denied(host, denied)
    return isIP(host) === 0 ? null : this.refuseAddress(host, port, host)
  }

  /** Checks an address of `host`, or `host` itself if it is an address. */
  refuseAddress(host: string, port: number, address: string): DestinationRefusal | null {
    const bits = readIpAddress(address)
    const shown = host === address ? address : `${host} resolves to ${address}, which`
    if (bits === null) return forbidden(`${shown} is not an address`)
    const refused = this.#judge(host, port, bits, shown)
    if (refused !== null) return refused
    for (const inner of embeddedIn(bits)) {
      const within = this.#judge(host, port, inner, `${shown} stands for an IPv4 address that`)
      if (within !== null) return within
    }
    return null
  }

  /**
   * Refuses a socket connected to itself, or to a listener of this daemon under an address of no interface.
   */
  refuseOwn(host: string, port: number, ends: ConnectedEnds): DestinationRefusal | null {
    // First, as reading the local address is a system call.
    if (!this.#own.hasPort(port)) return null
    const address = ends.remoteAddress ?? ''
    if (address !== ends.localAddress) return null
    const bits = readIpAddress(address)
    const isOpen = bits !== null && this.#allow.networkEntry(bits, port, true) !== -1
    return isOpen ? null : ownListener(`${host} resolves to ${address}, which`)
  }

  #judge(host: string, port: number, bits: AddressBits, shown: string): DestinationRefusal | null {
    const denied = this.#deny.networkEntry(bits, port)
    if (denied !== -1) return this.#denied(shown, denied)
    const isOwn = this.#own.has(bits, port)
    if (this.#allow.networkEntry(bits, port, isOwn) !== -1) return null
    if (isOwn) return ownListener(shown)
    const kind = classOf(bits)
    if (kind === 'public' || (kind === 'private' && this.#allow.hostEntry(host, port) !== -1)) return null
    return forbidden(`${shown} is ${nouns[kind]}`)
  }

  #denied(shown: string, at: number): DestinationRefusal {
    const { text } = this.#settings.deny[at] as DestinationEntry
    return forbidden(`${shown} is denied by ${text}`, `deny[${at}]`)
  }
}

const forbidden = (text: string, key = 'allow'): DestinationRefusal => ({
  code: 'FORBIDDEN_DESTINATION',
  text,
  setting: `destinations.${key}`,
})

const ownListener = (shown: string): DestinationRefusal =>
  forbidden(`${shown} is a listener of this daemon; only an allowed network with this port opens it`)
