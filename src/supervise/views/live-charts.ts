/**
 * Asks charts for their live data, which the journal does not have: charts of main directly, those of instances over the channel.
 */

import type { AnyActorRef } from 'xstate'
import { splitInnerChartId } from '../../../actors/ids.ts'
import { type LiveChart, liveChart } from '../../../actors/live.ts'
import type { Channels } from '../channel/carrier.ts'

export interface LiveChartsOptions {
  /** A chart of main by its id. */
  readonly find: (actor: string) => AnyActorRef | undefined
  readonly channels: Channels
  readonly timeoutMs?: number
}

/** Questions that wait for an answer at the same time; one more is not asked. */
const maxPending = 64

export class LiveCharts {
  readonly #options: LiveChartsOptions
  readonly #pending = new Map<number, (live: LiveChart | null) => void>()
  #asked = 0

  constructor(options: LiveChartsOptions) {
    this.#options = options
  }

  /** Null when there is no such chart, or it does not answer in time. */
  async of(actor: string): Promise<LiveChart | null> {
    const { find, channels } = this.#options
    const ref = find(actor)
    if (ref !== undefined) return liveChart(ref)
    const inner = splitInnerChartId(actor)
    const channel = inner === null ? undefined : channels.get(inner.instance)
    if (inner === null || channel === undefined || this.#pending.size >= maxPending) return null
    const ask = ++this.#asked
    const { promise, resolve } = Promise.withResolvers<LiveChart | null>()
    const timer = setTimeout(resolve, this.#options.timeoutMs ?? 1_000, null)
    this.#pending.set(ask, resolve)
    channel.post({ type: 'chart.ask', ask, chart: inner.chart })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(ask)
    }
  }

  answered(ask: number, live: LiveChart | null): void {
    this.#pending.get(ask)?.(live)
  }
}
