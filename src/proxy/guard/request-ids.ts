/** Request ids. */
import { randomBytes } from '../../http/builtin.ts'

/**
 * Ids that are unique over all instances: a random prefix and a counter. They can be guessed from one
 * another, so they are no secrets.
 */
export class RequestIds {
  readonly inResponse: boolean
  readonly #prefix = randomBytes(9).toString('base64url')
  #count = 0

  constructor(inResponse: boolean) {
    this.inResponse = inResponse
  }

  /** The received id, if it can be logged and forwarded unchanged; otherwise a new one. */
  idFor(came: string | undefined): string {
    if (came !== undefined && usable.test(came)) return came
    this.#count += 1
    return `${this.#prefix}-${this.#count.toString(36)}`
  }
}

const usable = /^[\w.:/+=@~-]{1,128}$/
