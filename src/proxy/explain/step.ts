/** One step of an explanation, and the texts that steps share. */
import type { ServiceType } from '../../config/settings/settings.ts'
import { type AddressBits, NetworkSet } from '../../http/address/address.ts'
import { serviceNames } from '../../service-names.ts'

/** One step of an explanation. */
export interface ExplanationStep {
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
  /** One or two plain sentences. May contain bytes of the request. */
  readonly text: string
  /** Configuration path of the setting behind this step; null if HTTP itself is the reason. */
  readonly setting: string | null
  /** The request is refused at this step. */
  readonly isRefusal: boolean
}

/** The path of a setting of a service. */
export const settingOf = (type: ServiceType, inside = ''): string =>
  `workers.${serviceNames[type].key}${inside === '' ? '' : `.${inside}`}`

const maxShown = 200

/** Shortens text from a client so that it fits into a sentence. */
export const clip = (text: string): string => (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text)

/** Index of the first network that contains the address, or -1. */
export const entryOf = (networks: readonly string[], bits: AddressBits | null): number =>
  networks.findIndex((network) => new NetworkSet([network]).has(bits))
