/** This daemon's listeners, to which a forward proxy must not connect. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { type AddressBits, readIpAddress } from '../../http/address/address.ts'
import { classOf } from './address-class.ts'

type Interfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>

/** Reading the interfaces takes about 0.1 ms, and addresses rarely change. */
const maxAgeMs = 1_000

export class OwnListeners {
  readonly #ports: ReadonlySet<number>
  readonly #interfaces: Interfaces
  #addresses: ReadonlySet<AddressBits> = new Set()
  #readAt = Number.NEGATIVE_INFINITY

  /** `ports`: of all workers' listeners, the admin listener and the demo upstream. */
  constructor(ports: readonly number[], interfaces: Interfaces = networkInterfaces) {
    this.#ports = new Set(ports)
    this.#interfaces = interfaces
  }

  hasPort(port: number): boolean {
    return this.#ports.has(port)
  }

  /** Counts every address of this machine, even if the listener is bound to only one. */
  has(bits: AddressBits, port: number): boolean {
    if (!this.#ports.has(port)) return false
    const kind = classOf(bits)
    return kind === 'loopback' || kind === 'unspecified' || this.#machine().has(bits)
  }

  #machine(): ReadonlySet<AddressBits> {
    const now = performance.now()
    if (now - this.#readAt < maxAgeMs) return this.#addresses
    this.#readAt = now
    const all = Object.values(this.#interfaces()).flatMap((list) => list ?? [])
    this.#addresses = new Set(all.flatMap(({ address }) => readIpAddress(address) ?? []))
    return this.#addresses
  }
}
