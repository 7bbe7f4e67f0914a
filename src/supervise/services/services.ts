/** Services of the workers, with counters that survive instances. */

import type { ServiceSettings, WorkerSettings, WorkerType } from '../../config/settings/settings.ts'
import { readUpstreamUrl } from '../../http/address/upstream-url.ts'
import { serviceNames } from '../../service-names.ts'
import {
  addTotals,
  type Cell,
  type CounterBlock,
  type CounterValues,
  cell,
  clearGauges,
  count,
  createCounterBlock,
  readCounters,
} from '../../telemetry/metrics/counters.ts'
import { MovingAverage } from '../../telemetry/metrics/moving-average.ts'
import {
  activeRequests,
  addSeries,
  mergeSeries,
  requestHistogram,
  type Series,
  SeriesPlaces,
  tunnelLives,
} from '../../telemetry/metrics/series.ts'
import { routesOf } from '../../telemetry/metrics/series-key.ts'
import type { ParityReading } from '../../telemetry/metrics/text/prometheus-parity.ts'
import type { Beats } from '../channel/channel.ts'
import { mainRefusals, type RefusalCode } from '../listeners/refusal.ts'

/**
 * Counters of a service: a block for each live instance, which only that instance writes, and the sum of the
 * ended ones, so that totals survive instances. A `combined` worker has one more entry for connections that
 * belong to no service yet.
 */
export class Service {
  /** Name in `/health` and logs: `forward_proxy`, `reverse_proxy`, `static_files`, `combined`. */
  readonly name: string
  /** The seed's name of the type (S031). */
  readonly proxyType: string
  readonly type: WorkerType
  readonly worker: WorkerSettings
  /** Instances of the worker. */
  readonly slots: number
  /** By instance. */
  readonly #blocks = new Map<string, CounterBlock>()
  readonly #ended = createCounterBlock()
  readonly #endedSeries: Series = new Map()
  readonly #places = new SeriesPlaces()
  readonly #responseTime = new MovingAverage()
  /** Connections that main has refused, by code. */
  readonly #refused = new Map<RefusalCode, number>()
  #maxConnections: number

  constructor(worker: WorkerSettings, type: WorkerType, maxConnections: number, slots: number) {
    this.worker = worker
    this.type = type
    this.name = serviceNames[type].key
    this.proxyType = serviceNames[type].proxyType
    this.#maxConnections = maxConnections
    this.slots = slots
  }

  get maxConnections(): number {
    return this.#maxConnections
  }

  /** Holds for later instances; running ones must be sent their new share. */
  changeMaxConnections(value: number): void {
    this.#maxConnections = value
  }

  /** A fresh block for an instance. */
  openBlock(id: string): SharedArrayBuffer {
    const block = createCounterBlock()
    this.#blocks.set(id, block)
    return block.buffer
  }

  /** The instance has ended: it holds nothing any more, its totals stay. */
  closeBlock(id: string): void {
    const block = this.#blocks.get(id)
    if (block === undefined) return
    this.#blocks.delete(id)
    clearGauges(block)
    addTotals(this.#ended, block)
    addSeries(this.#endedSeries, block, this.#places)
  }

  /** Main has refused a connection that no instance took. */
  refused(code: RefusalCode): void {
    count(this.#ended, 'connectionsRefused')
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1)
  }

  /** Connections that the instance in `slot` may have; the shares add up to max_connections. */
  shareOf(slot: number): number {
    const { slots } = this
    return Math.floor(this.#maxConnections / slots) + (slot < this.#maxConnections % slots ? 1 : 0)
  }

  counters(): CounterValues {
    return readCounters(this.#ended, ...this.#blocks.values())
  }

  /** Beats of a live instance; or null for an unknown id. */
  beatsOf(id: string): Beats | null {
    const block = this.#blocks.get(id)
    if (block === undefined) return null
    return { beats: block[cell.beats] ?? 0, loopDelayP99Ms: block[cell.loopDelayP99Ms] ?? 0 }
  }

  /** Adds a reading to the moving average; `at`: milliseconds of a steady clock. `Overview.tick` is the only caller. */
  tick(at: number): void {
    this.#responseTime.tick(at, this.total('responseTimeMs'), this.total('responsesTimed'))
  }

  responseTimeSeconds(): number {
    return this.#responseTime.mean(this.total('responseTimeMs'), this.total('responsesTimed')) / 1000
  }

  /** All that is known of it; a connection that belongs to no service yet counts for `combined`. */
  reading(connectionsActive: number): ParityReading {
    const { worker, type } = this
    const blocks = [this.#ended, ...this.#blocks.values()]
    const settings = worker.services.find((service) => service.type === type)
    return {
      worker: worker.name,
      type,
      isPart: worker.type === 'combined' && type !== 'combined',
      counters: readCounters(...blocks),
      connectionsActive,
      refused: this.#refusals(),
      series: this.#series(),
      tunnelLives: tunnelLives(blocks),
      activeRequests: activeRequests(blocks),
      routes: settings === undefined ? [] : routesOf(settings),
      target: settings?.type === 'reverse' ? targetOf(settings.target) : null,
      responseTimeSeconds: this.responseTimeSeconds(),
    }
  }

  /** How many requests took how long, since the start: counts by bucket, as telemetry/bounds.ts has them. */
  durations(): readonly number[] {
    return requestHistogram(this.#series(), 0).buckets
  }

  /** One of its counters; `counters` sums up all. */
  total(name: Cell): number {
    let sum = this.#ended[cell[name]] ?? 0
    for (const block of this.#blocks.values()) sum += block[cell[name]] ?? 0
    return sum
  }

  /** Refused connections by code; instances refuse at a limit only. */
  #refusals(): Readonly<Record<RefusalCode, number>> {
    const ofMain = Object.fromEntries(mainRefusals.map((code) => [code, this.#refused.get(code) ?? 0]))
    const others = mainRefusals.filter((code) => code !== 'OVER_LIMIT')
    const sum = others.reduce((total, code) => total + (ofMain[code] ?? 0), 0)
    return { ...ofMain, OVER_LIMIT: this.total('connectionsRefused') - sum } as Record<RefusalCode, number>
  }

  /** By key, those of ended instances among them. */
  #series(): Series {
    const series: Series = new Map()
    mergeSeries(series, this.#endedSeries)
    for (const block of this.#blocks.values()) addSeries(series, block, this.#places)
    return series
  }
}

/** Instances of a worker: as configured, but never more than a service may have connections. */
export function slotsOf(worker: WorkerSettings): number {
  return Math.min(worker.instances, ...worker.services.map((service) => service.maxConnections))
}

const sumConnections = (services: readonly ServiceSettings[]) =>
  services.reduce((sum, service) => sum + service.maxConnections, 0)

/** The services of a worker, and `combined` for its connections as a whole where it has several. */
export function createServices(worker: WorkerSettings): readonly Service[] {
  const slots = slotsOf(worker)
  const services = worker.services.map((one) => new Service(worker, one.type, one.maxConnections, slots))
  if (worker.type !== 'combined') return services
  return [...services, new Service(worker, 'combined', sumConnections(worker.services), slots)]
}

/** The target as metrics name it: its origin, without a default port. */
function targetOf(target: string): string | null {
  const { url } = readUpstreamUrl(target)
  return url === undefined ? null : new URL(url.origin).origin
}
