/** Puts together the data that a new instance starts with. */

import { randomBytes } from 'node:crypto'
import type { InstanceInput } from '../../actors/instance.ts'
import type { DaemonSettings } from '../config/settings/settings.ts'
import type { Certificates } from './certificates/certificates.ts'
import type { InstanceBoot } from './channel/channel.ts'
import type { Exporting } from './exporting.ts'
import type { LimitBook } from './limits/limit-book.ts'
import type { Service } from './services/services.ts'

export interface BootParts {
  readonly settings: DaemonSettings
  readonly services: readonly Service[]
  readonly limits: LimitBook
  readonly certificates: Certificates
  readonly exporting: Exporting
  /** Share of the spans that each instance may make. */
  readonly maxSpansPerSecond: number
  readonly ownPorts: () => readonly number[]
}

export function createBoots(parts: BootParts): (input: InstanceInput) => InstanceBoot {
  const { settings, services, limits, certificates, exporting, maxSpansPerSecond, ownPorts } = parts
  const pseudonym = `bifrost-${randomBytes(6).toString('hex')}`
  return ({ id, worker, slot, generation }) => {
    const own = services.filter((service) => service.worker.name === worker)
    return {
      id,
      slot,
      generation,
      ...limits.allot(id, worker, slot),
      counters: Object.fromEntries(own.map((service) => [service.type, service.openBlock(id)])),
      tls: settings.workers.filter(({ name }) => name === worker).flatMap((one) => certificates.of(one)),
      drainTimeoutMs: exporting.drainTimeoutMs,
      postsExchanges: exporting.takesExchanges,
      maxSpansPerSecond,
      ownPorts: ownPorts(),
      pseudonym,
    }
  }
}
