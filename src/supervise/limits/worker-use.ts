/** CPU time of workers across their instances. */

import { isInstanceOf, workerOfInstance } from '../../../actors/ids.ts'
import type { InstanceSample } from './samples.ts'

/** CPU time of each worker over all of its instances, the ended ones included. */
export class WorkerUse {
  readonly #ended = new Map<string, number>()
  readonly #latest = new Map<string, number>()

  /** Takes the latest samples of all instances that live. */
  update(samples: readonly InstanceSample[]): void {
    const known = new Set(samples.map(({ id }) => id))
    for (const [id, cpuMs] of this.#latest) {
      if (known.has(id)) continue
      this.#latest.delete(id)
      const worker = workerOfInstance(id)
      this.#ended.set(worker, (this.#ended.get(worker) ?? 0) + cpuMs)
    }
    for (const { id, isRead, cpuMs } of samples) {
      // A reading that misses some time must not lower the total.
      if (isRead) this.#latest.set(id, Math.max(cpuMs, this.#latest.get(id) ?? 0))
    }
  }

  cpuMs(worker: string): number {
    let sum = this.#ended.get(worker) ?? 0
    for (const [id, cpuMs] of this.#latest) if (isInstanceOf(id, worker)) sum += cpuMs
    return sum
  }
}
