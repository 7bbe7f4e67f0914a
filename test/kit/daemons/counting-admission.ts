/** An admission without a ledger. */
import type { Admission } from '../../../src/proxy/exchange/admission.ts'

/** An admission that counts connections and has a limit. */
export class CountingAdmission implements Admission {
  limit: number
  active = 0
  opened = 0
  refused = 0

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
  }

  open(_address?: string, isMoved = false): boolean {
    if (this.active >= this.limit) {
      this.refused += 1
      return false
    }
    this.active += 1
    if (!isMoved) this.opened += 1
    return true
  }

  identify(): boolean {
    return true
  }

  close(): void {
    this.active -= 1
  }
}
