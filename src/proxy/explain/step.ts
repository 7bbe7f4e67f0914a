import type { ServiceType } from '../../config/settings/settings.ts'
import { type AddressBits, NetworkSet } from '../../http/address/address.ts'
import { serviceNames } from '../../service-names.ts'

/** One step of an explanation. */
export interface Step {
  readonly about:
    | 'target'
    | 'host'
    | 'service'
    | 'route'
    | 'size'
    | 'access'
    | 'auth'
    | 'rate'
    | 'destination'
    | 'room'
    | 'answer'
  /** Plain words, one sentence or two. May have bytes of the request in it. */
  readonly text: string
  /** Path of the setting that it follows from, as in the configuration; null where it follows from HTTP itself. */
  readonly setting: string | null
  /** The request is refused here. */
  readonly isRefusal: boolean
}

/** The path of a setting of a service. */
export const settingOf = (type: ServiceType, inside = ''): string =>
  `workers.${serviceNames[type].key}${inside === '' ? '' : `.${inside}`}`

const maxShown = 200

/** What a client has written, as a sentence can have it. */
export const clip = (text: string): string => (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text)

/** Which of the networks has the address; -1 for none. */
export const entryOf = (networks: readonly string[], bits: AddressBits | null): number =>
  networks.findIndex((network) => new NetworkSet([network]).has(bits))
