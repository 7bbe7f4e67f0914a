/** Changes limits of running workers. */

import type { LimitsChange } from '../../config/limits-change.ts'
import type { Log } from '../../telemetry/log/log.ts'
import type { Channels } from '../channel/carrier.ts'
import type { ChangeOutcome, LimitBook } from './limit-book.ts'

/** Changes limits of a running worker: in the book, in its instances, in the log. */
export interface LimitControl {
  /** `by`: the operator, for the log. Null if there is no such worker. */
  change(worker: string, change: LimitsChange, by: string): ChangeOutcome | null
}

export interface LimitControlParts {
  readonly limits: LimitBook
  readonly channels: Channels
  readonly log: Log
  /** Shows the change in the chart of the worker. */
  readonly tellSupervisor: (worker: string, event: { readonly type: 'op.limits' }) => void
}

export function createLimitControl({
  limits,
  channels,
  log,
  tellSupervisor,
}: LimitControlParts): LimitControl {
  return {
    change(worker, change, by) {
      if (!limits.has(worker)) return null
      const outcome = limits.change(worker, change)
      if ('problem' in outcome) return outcome
      for (const { limit, from, to } of outcome.changed)
        log('info', 'limit changed', { worker, limit, from, to, by })
      for (const [id, maxConnections] of limits.sharesOf(worker))
        channels.get(id)?.post({ type: 'limits', maxConnections })
      if (outcome.changed.length > 0) tellSupervisor(worker, { type: 'op.limits' })
      return outcome
    },
  }
}
