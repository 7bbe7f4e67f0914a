import { randomBytes } from '../../http/builtin.ts'

/** Ids that no other instance makes: a random beginning and a count. Who has seen one can guess others, so they are no secret. */
export class RequestIds {
  readonly inResponse: boolean
  readonly #prefix = randomBytes(9).toString('base64url')
  #count = 0

  constructor(inResponse: boolean) {
    this.inResponse = inResponse
  }

  /** The id that came, when it is one that can be logged and sent on as it is; else a new one. */
  idFor(came: string | undefined): string {
    if (came !== undefined && usable.test(came)) return came
    this.#count += 1
    return `${this.#prefix}-${this.#count.toString(36)}`
  }
}

const usable = /^[\w.:/+=@~-]{1,128}$/
