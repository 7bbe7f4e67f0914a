import {
  exhaustMap,
  from,
  interval,
  type Observable,
  type SchedulerLike,
  type Subscription,
  startWith,
} from 'rxjs'
import type { Channel, Usage } from './channel.ts'

/**
 * The 1 s samples: what each live instance uses, read from outside. A slow reading delays the next one and never piles
 * up (exhaustMap).
 */
export interface Sample extends Usage {
  readonly id: string
}

const noUsage: Usage = { memoryBytes: 0, cpuMs: 0, loopUtilization: 0 }

async function readAll(channels: readonly Channel[]): Promise<readonly Sample[]> {
  // An instance may end while it is read; then it has no sample.
  const readings = await Promise.allSettled(channels.map((channel) => channel.usage()))
  return channels.map(({ id }, at) => {
    const reading = readings[at]
    return { id, ...(reading?.status === 'fulfilled' ? reading.value : noUsage) }
  })
}

export function sampleStream(
  channels: () => readonly Channel[],
  periodMs: number,
  scheduler?: SchedulerLike,
): Observable<readonly Sample[]> {
  return interval(periodMs, scheduler).pipe(
    startWith(0),
    exhaustMap(() => from(readAll(channels()))),
  )
}

/** Keeps the latest sample of each instance. The caller ends the subscription. */
export class Samples {
  readonly #latest = new Map<string, Sample>()
  #subscription: Subscription | null = null

  start(channels: () => readonly Channel[], onSample: () => void, periodMs = 1000): void {
    this.#subscription = sampleStream(channels, periodMs).subscribe({
      next: (samples) => {
        this.#latest.clear()
        for (const sample of samples) this.#latest.set(sample.id, sample)
        onSample()
      },
    })
  }

  of(id: string): Sample | undefined {
    return this.#latest.get(id)
  }

  close(): void {
    this.#subscription?.unsubscribe()
  }
}
