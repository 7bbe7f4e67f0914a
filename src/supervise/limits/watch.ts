/**
 * Turns samples into events: keeps the standing of each instance, has every sample judged, and sends the verdicts to charts and
 * instances. Each change is logged.
 */

import { supervisorId, workerOfInstance } from '../../../actors/ids.ts'
import { isFinishing, isServing } from '../../../actors/states.ts'
import type { Log } from '../../telemetry/log/log.ts'
import type { ToInstance } from '../channel/channel.ts'
import {
  type InstanceLimits,
  judge,
  type LimitStanding,
  type LimitVerdict,
  newStanding,
  reasonsOf,
  recycleGapMs,
} from './limits.ts'
import type { InstanceSample } from './samples.ts'

export interface WatchOptions {
  readonly limitsOf: (worker: string) => InstanceLimits
  /** Whether an instance of the worker can be ended alone. */
  readonly isContained: (worker: string) => boolean
  /** State of an instance's chart; null when it has none any more. */
  readonly stateOf: (id: string) => string | null
  readonly tellInstance: (id: string, message: ToInstance) => void
  readonly tellChart: (actor: string, event: WatchEvent) => void
  readonly log: Log
}

export type WatchEvent =
  | { readonly type: 'thread.stuck' }
  | { readonly type: 'memory.overgrown' }
  | { readonly type: 'op.recycle'; readonly id: string }

/** Recycles older than this no longer delay the next one. */
const recycleMemoryMs = 180_000

export class Watch {
  readonly #options: WatchOptions
  readonly #standings = new Map<string, LimitStanding>()
  /** Times of the latest recycles, by worker. */
  readonly #recycles = new Map<string, readonly number[]>()

  constructor(options: WatchOptions) {
    this.#options = options
  }

  judge(samples: readonly InstanceSample[]): void {
    const known = new Set(samples.map(({ id }) => id))
    for (const id of this.#standings.keys()) if (!known.has(id)) this.#standings.delete(id)
    for (const sample of samples) if (sample.isRead) this.#judgeOne(sample)
  }

  /** Texts of the limits that an instance exceeds. */
  reasonsOf(id: string): readonly string[] {
    return reasonsOf(this.#standings.get(id) ?? newStanding)
  }

  /** From the latest two readings; 100 is all CPU that is available to the daemon. */
  cpuPercentOf(id: string): number {
    return this.#standings.get(id)?.cpuPercent ?? 0
  }

  #judgeOne(sample: InstanceSample): void {
    const { id } = sample
    const worker = workerOfInstance(id)
    const state = this.#options.stateOf(id)
    const isJudged = isServing(state)
    // An instance that only finishes its exchanges is left alone, unless it uses up the memory of the others.
    if (!isJudged && !isFinishing(state)) {
      this.#standings.delete(id)
      return
    }
    const before = this.#standings.get(id) ?? newStanding
    const { standing, verdicts } = judge(before, sample, this.#options.limitsOf(worker))
    this.#standings.set(id, standing)
    for (const verdict of verdicts) {
      if (isJudged || verdict.type === 'overgrown') this.#act(id, worker, verdict, sample)
    }
    if (!isJudged) return
    const [was, reasons] = [reasonsOf(before), reasonsOf(standing)]
    if (was.length === 0 && reasons.length > 0)
      this.#options.tellInstance(id, { type: 'limit.exceeded', reasons })
    if (was.length > 0 && reasons.length === 0) this.#options.tellInstance(id, { type: 'limit.recovered' })
  }

  #act(id: string, worker: string, verdict: LimitVerdict, { at }: InstanceSample): void {
    const { log, tellChart, isContained } = this.#options
    const fields = { instance: id, reason: verdict.reason }
    // A `shared` instance cannot be replaced: it runs in main's own thread.
    if (verdict.type !== 'limit' && !isContained(worker)) return
    switch (verdict.type) {
      case 'limit': {
        const text = verdict.isExceeded ? 'limit exceeded' : 'limit recovered'
        log(verdict.isExceeded ? 'warn' : 'info', text, { ...fields, limit: verdict.limit })
        return
      }
      case 'recycle':
        if (!this.#mayRecycle(id, worker, at)) return
        log('warn', 'instance is recycled', fields)
        tellChart(supervisorId(worker), { type: 'op.recycle', id })
        return
      case 'stuck':
        log('error', 'instance is stuck', fields)
        tellChart(id, { type: 'thread.stuck' })
        return
      case 'overgrown':
        log('error', 'instance is ended', fields)
        tellChart(id, { type: 'memory.overgrown' })
    }
  }

  /** False, and asked again with the next sample, when the worker was recycled too often of late. */
  #mayRecycle(id: string, worker: string, now: number): boolean {
    const recent = (this.#recycles.get(worker) ?? []).filter((at) => now - at < recycleMemoryMs)
    const last = recent.at(-1)
    const isAllowed = last === undefined || now - last >= recycleGapMs(recent.length)
    if (isAllowed) recent.push(now)
    else this.#standings.set(id, { ...(this.#standings.get(id) ?? newStanding), askedAt: null })
    this.#recycles.set(worker, recent)
    return isAllowed
  }
}
