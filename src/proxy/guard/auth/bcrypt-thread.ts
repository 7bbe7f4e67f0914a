/** Entry of the thread that compares bcrypt hashes. */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export interface BcryptQuestion {
  readonly id: number
  readonly password: string
  readonly hash: string
}

export interface BcryptAnswer {
  readonly id: number
  readonly isRight: boolean
}

parentPort?.on('message', ({ id, password, hash }: BcryptQuestion) => {
  const answer: BcryptAnswer = { id, isRight: compareSync(password, hash) }
  parentPort?.postMessage(answer)
})
