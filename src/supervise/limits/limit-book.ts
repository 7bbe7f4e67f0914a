/**
 * The limits in force: those of the configuration until an operator changes one. A new instance starts with the present values;
 * running instances are sent later changes.
 */

import { availableParallelism } from 'node:os'
import type { LimitsChange } from '../../config/limits-change.ts'
import type { RateSettings, WorkerSettings } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'
import type { DescriptorBounds, InstanceBoot } from '../channel/channel.ts'
import type { Service } from '../services/services.ts'
import { shareDescriptors } from './descriptors.ts'
import type { InstanceLimits } from './limits.ts'

export interface ChangedLimit {
  /** As in the configuration; with the service where the worker has several. */
  readonly limit: string
  readonly from: number
  readonly to: number
}

export type ChangeOutcome = { readonly changed: readonly ChangedLimit[] } | { readonly problem: string }

type Allotment = Pick<InstanceBoot, 'worker' | 'maxConnections' | 'descriptors'>

interface Wanted {
  /** Whether the services were named. */
  readonly isNamed: boolean
  readonly services: readonly { readonly service: Service; readonly to: number }[]
}

const mebibyte = 1024 * 1024

export class LimitBook {
  readonly #workers: Map<string, WorkerSettings>
  readonly #services: readonly Service[]
  readonly #cpus: number
  readonly #descriptorsOf: (worker: string) => DescriptorBounds | null
  /** Slots by instance. */
  readonly #slots = new Map<string, { readonly worker: string; readonly slot: number }>()

  constructor(
    workers: readonly WorkerSettings[],
    services: readonly Service[],
    cpus: number = availableParallelism(),
  ) {
    this.#workers = new Map(workers.map((worker) => [worker.name, worker]))
    this.#services = services
    this.#cpus = cpus
    this.#descriptorsOf = shareDescriptors(workers)
  }

  /** Limits by which every instance of a worker is judged. Throws INTERNAL for an unknown worker. */
  of(worker: string): InstanceLimits {
    const { maxMemoryMb, maxCpuPercent, stuckMs } = this.#worker(worker)
    return { maxMemoryBytes: maxMemoryMb * mebibyte, maxCpuPercent, stuckMs, cpus: this.#cpus }
  }

  /** Whether a failure stays inside its instance, so that the instance can be ended alone. */
  isContained(worker: string): boolean {
    return this.#worker(worker).isolation !== 'shared'
  }

  /** The share of the limits for a new instance. */
  allot(id: string, name: string, slot: number): Allotment {
    const worker = this.#worker(name)
    const { maxConnectionsPerClient: perClient } = worker
    this.#slots.set(id, { worker: name, slot })
    // Every instance admits a share, rounded up: none may be closed to a client that has nothing open.
    const slots = this.#slotsOf(name)
    const share = perClient === null ? null : Math.ceil(perClient / slots)
    const services = worker.services.map((service) => ({ ...service, rates: ratesOf(service.rates, slots) }))
    return {
      worker: { ...worker, maxConnectionsPerClient: share, services },
      maxConnections: this.#shares(name, slot),
      descriptors: this.#descriptorsOf(name),
    }
  }

  /** The instance has ended. */
  end(id: string): void {
    this.#slots.delete(id)
  }

  /** Present shares of max_connections of each instance of a worker that runs. */
  sharesOf(worker: string): ReadonlyMap<string, Readonly<Record<string, number>>> {
    const own = [...this.#slots].filter(([, place]) => place.worker === worker)
    return new Map(own.map(([id, { slot }]) => [id, this.#shares(worker, slot)]))
  }

  has(worker: string): boolean {
    return this.#workers.has(worker)
  }

  /** Enters a change, all of it or, when any of it cannot be, nothing. */
  change(name: string, change: LimitsChange): ChangeOutcome {
    const worker = this.#worker(name)
    const wanted = this.#wantedConnections(name, change.maxConnections)
    if (typeof wanted === 'string') return { problem: wanted }
    const changed: ChangedLimit[] = []
    const note = (limit: string, from: number, to: number) => {
      if (from !== to) changed.push({ limit, from, to })
    }
    for (const { service, to } of wanted.services) {
      note(wanted.isNamed ? `max_connections.${service.type}` : 'max_connections', service.maxConnections, to)
      service.changeMaxConnections(to)
    }
    const own = this.#servicesOf(name)
    const whole = own.find(({ type }) => type === 'combined')
    const parts = own.filter((service) => service !== whole)
    whole?.changeMaxConnections(parts.reduce((sum, { maxConnections }) => sum + maxConnections, 0))
    const { maxMemoryMb = worker.maxMemoryMb, maxCpuPercent = worker.maxCpuPercent } = change
    note('max_memory_mb', worker.maxMemoryMb, maxMemoryMb)
    note('max_cpu_percent', worker.maxCpuPercent, maxCpuPercent)
    this.#workers.set(name, { ...worker, maxMemoryMb, maxCpuPercent })
    return { changed }
  }

  /** The new max_connections of each service; a text if the change is not possible. */
  #wantedConnections(name: string, wanted: LimitsChange['maxConnections']): Wanted | string {
    const services = this.#servicesOf(name).filter(({ type }) => type !== 'combined')
    const types = services.map(({ type }) => type)
    const isNamed = typeof wanted === 'object'
    if (typeof wanted === 'number' && services.length > 1)
      return `max_connections of ${name} must name its services: an object with keys of ${types.join(', ')}`
    const entries = isNamed
      ? Object.entries(wanted)
      : services.flatMap(({ type }) => (wanted === undefined ? [] : [[type, wanted] as const]))
    const least = this.#slotsOf(name)
    const found: { service: Service; to: number }[] = []
    for (const [type, to] of entries) {
      if (to === undefined) continue
      const service = services.find((one) => one.type === type)
      if (service === undefined) return `${name} has no service ${type}, only ${types.join(', ')}`
      if (to < least) return `max_connections must be at least ${least}, one for each instance of ${name}`
      found.push({ service, to })
    }
    return { isNamed, services: found }
  }

  #shares(worker: string, slot: number): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#servicesOf(worker).map((service) => [service.type, service.shareOf(slot)]),
    )
  }

  #servicesOf(worker: string): readonly Service[] {
    return this.#services.filter((service) => service.worker.name === worker)
  }

  #slotsOf(worker: string): number {
    return this.#servicesOf(worker)[0]?.slots ?? 1
  }

  #worker(name: string): WorkerSettings {
    const worker = this.#workers.get(name)
    if (worker === undefined) throw new BifrostError('INTERNAL', `there is no worker ${name}`)
    return worker
  }
}

/** An instance's share of rate limits: the same part of the tokens that come, and room for one at least. */
function ratesOf(rates: RateSettings | null, slots: number): RateSettings | null {
  if (rates === null || slots === 1) return rates
  const rules = rates.rules.map((rule) => ({
    ...rule,
    limit: rule.limit / slots,
    burst: Math.max(1, Math.floor(rule.burst / slots)),
  }))
  return { ...rates, rules }
}
