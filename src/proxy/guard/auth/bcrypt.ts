/**
 * bcrypt in a thread of its own, started for the first password: the implementation is JavaScript, and would hold up the event loop for
 * the time of a hash.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { BcryptAnswer, BcryptQuestion } from './bcrypt-thread.ts'

const entry = new URL(`./bcrypt-thread${extname(import.meta.filename)}`, import.meta.url)

interface Waiting {
  readonly resolve: (isRight: boolean) => void
  readonly reject: (cause: unknown) => void
}

export class BcryptThread {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #asked = 0

  /** Rejects when the thread ends before it has answered. */
  compare(password: string, hash: string): Promise<boolean> {
    this.#worker ??= this.#start()
    this.#asked += 1
    const question: BcryptQuestion = { id: this.#asked, password, hash }
    this.#worker.postMessage(question)
    return new Promise((resolve, reject) => this.#waiting.set(question.id, { resolve, reject }))
  }

  close(): void {
    void this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(entry, { name: 'bcrypt', resourceLimits: { maxOldGenerationSizeMb: 64 } })
    worker.on('message', ({ id, isRight }: BcryptAnswer) => {
      this.#waiting.get(id)?.resolve(isRight)
      this.#waiting.delete(id)
    })
    let cause: unknown = new Error('the bcrypt thread has ended')
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      this.#worker = null
      for (const { reject } of this.#waiting.values()) reject(cause)
      this.#waiting.clear()
    })
    // It holds nobody up: who waits for an answer has a connection open.
    worker.unref()
    return worker
  }
}
