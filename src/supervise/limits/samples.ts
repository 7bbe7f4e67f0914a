/**
 * Samples every second what each live instance uses, read from outside. A slow reading delays the next one; readings never pile up
 * (exhaustMap).
 */

import {
  exhaustMap,
  from,
  interval,
  type Observable,
  of,
  type SchedulerLike,
  type Subscription,
  startWith,
} from 'rxjs'
import type { Beats, Channel, Usage } from '../channel/channel.ts'

export interface InstanceSample extends Usage, Beats {
  readonly id: string
  /** When it was taken, milliseconds of a steady clock. */
  readonly at: number
  /** False if the instance did not answer in time; the other numbers are then 0. */
  readonly isRead: boolean
}

export interface SampleSources {
  readonly channels: () => readonly Channel[]
  /** Null for an instance that writes none. */
  readonly beatsOf?: (id: string) => Beats | null
  /** Milliseconds; defaults to `performance.now`. */
  readonly now?: () => number
}

const noUsage: Usage = { memoryBytes: 0, cpuMs: 0, loopUtilization: 0 }
const noBeats: Beats = { beats: 0, loopDelayP99Ms: 0 }

/** An instance that answers nothing must not hide the others; its next reading may succeed. */
const patienceMs = 2_000

/** Null when the instance ends meanwhile, or does not answer. */
async function patiently(usage: Promise<Usage>): Promise<Usage | null> {
  const patience = Promise.withResolvers<null>()
  const timer = setTimeout(patience.resolve, patienceMs, null)
  timer.unref()
  try {
    return await Promise.race([usage.catch(() => null), patience.promise])
  } finally {
    clearTimeout(timer)
  }
}

function sampleOf(id: string, usage: Usage | null, { now, beatsOf }: SampleSources): InstanceSample {
  const at = now === undefined ? performance.now() : now()
  return { id, at, isRead: usage !== null, ...(usage ?? noUsage), ...(beatsOf?.(id) ?? noBeats) }
}

function readOne(channel: Channel, sources: SampleSources): InstanceSample | Promise<InstanceSample> {
  const usage = channel.usage()
  if (!(usage instanceof Promise)) return sampleOf(channel.id, usage, sources)
  return patiently(usage).then((known) => sampleOf(channel.id, known, sources))
}

/** Synchronous if every instance has just reported its usage. */
function readAll(sources: SampleSources): Observable<readonly InstanceSample[]> {
  const samples = sources.channels().map((channel) => readOne(channel, sources))
  const isKnown = (sample: InstanceSample | Promise<InstanceSample>): sample is InstanceSample =>
    !(sample instanceof Promise)
  return samples.every(isKnown) ? of(samples) : from(Promise.all(samples))
}

export function sampleStream(
  sources: SampleSources,
  periodMs: number,
  scheduler?: SchedulerLike,
): Observable<readonly InstanceSample[]> {
  return interval(periodMs, scheduler).pipe(
    startWith(0),
    exhaustMap(() => readAll(sources)),
  )
}

/** Keeps the latest sample of each instance. The caller ends the subscription. */
export class Samples {
  readonly #latest = new Map<string, InstanceSample>()
  #subscription: Subscription | null = null

  start(
    sources: SampleSources,
    onSamples: (samples: readonly InstanceSample[]) => void,
    periodMs = 1000,
  ): void {
    this.#subscription = sampleStream(sources, periodMs).subscribe({
      next: (samples) => {
        this.#latest.clear()
        for (const sample of samples) this.#latest.set(sample.id, sample)
        onSamples(samples)
      },
    })
  }

  of(id: string): InstanceSample | undefined {
    return this.#latest.get(id)
  }

  close(): void {
    this.#subscription?.unsubscribe()
  }
}
