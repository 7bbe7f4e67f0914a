/** Attackers that pipeline thousands of requests, in their own thread. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** One request of a pipeline and the answer that is right. */
export interface PipelinedRequest {
  /** Whole request, as latin1. */
  readonly bytes: string
  readonly status: number
  /** Body of the answer; null: any. */
  readonly body: string | null
  readonly isHead?: boolean
}

export interface PipeliningPlan {
  readonly port: number
  readonly isTls: boolean
  readonly connections: number
  /** Written at once, and again when all have been answered; in turn over `times`. */
  readonly requests: readonly PipelinedRequest[]
  /** Number of times that `requests` are written in one go. */
  readonly times: number
  /** `slowly`: a kilobyte per connection every 50 ms. */
  readonly reads: 'all' | 'nothing' | 'slowly'
  /** The server must end each connection after the first answer; the attacker then connects again. */
  readonly endsAfterFirst?: boolean
}

export interface PipeliningResult {
  readonly connected: number
  /** Answers that were read and were right, in the order of their requests. */
  answered: number
  /** The first answers that were not. */
  readonly wrong: string[]
  /** Connections that ended although they should not have. */
  readonly cut: number
  /** Bytes written to sockets and not refused. */
  readonly written: number
}

export interface PipeliningAttack extends AsyncDisposable {
  /** Ends the attack; returns what the attackers saw. */
  stop(): Promise<PipeliningResult>
}

/** Starts attackers; resolves when each of them has been connected. */
export async function startPipelining(plan: PipeliningPlan): Promise<PipeliningAttack> {
  const thread = new Worker(new URL('./pipelining-thread.ts', import.meta.url), { workerData: plan })
  await once(thread, 'message')
  return {
    async stop() {
      const result = once(thread, 'message')
      thread.postMessage('stop')
      return (await result)[0] as PipeliningResult
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}
