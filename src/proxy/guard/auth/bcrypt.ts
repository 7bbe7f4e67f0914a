/**
 * bcrypt in its own thread, started for the first password: the implementation is JavaScript and would block
 * the event loop during a hash.
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

  /** Rejects if the thread ends before it answers. */
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
    // The thread must not keep the process alive; a client that waits for it holds a connection, which does.
    worker.unref()
    return worker
  }
}
