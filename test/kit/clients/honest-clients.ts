/** Clients with ordinary traffic, in their own thread, that measure how long their answers take. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface HonestPlan {
  readonly port: number
  readonly isTls: boolean
  readonly target: string
  /** Body of every answer. */
  readonly body: string
  /** Port of a server outside the daemon; its times show the effect of the machine. */
  readonly controlPort: number
}

export interface HonestResult {
  /** Milliseconds from the time at which a request was due to its answer, on kept and on new connections. */
  readonly kept: readonly number[]
  readonly opened: readonly number[]
  readonly control: readonly number[]
  /** What went wrong, at most once each. */
  readonly failures: readonly string[]
}

/** Starts the clients: they run for the given time, and then wait for their last answers. */
export async function runHonestClients(plan: HonestPlan, forMs: number): Promise<HonestResult> {
  const thread = new Worker(new URL('./honest-thread.ts', import.meta.url), { workerData: { plan, forMs } })
  try {
    return (await once(thread, 'message'))[0] as HonestResult
  } finally {
    await thread.terminate()
  }
}

/** The value that 99 % do not exceed. */
export const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY
