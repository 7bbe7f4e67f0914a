/** The interface through which a data plane admits connections. */
import type { DoorLimit } from './traffic.ts'

/**
 * Asks the ledger about connections and reports them to it. The ledger's mode follows from the state of the
 * worker chart: a worker admits a connection because its chart is in a state that admits, and for no other
 * reason.
 */
export interface Admission {
  /**
   * Reports a new connection, with its peer's address if known. Returns false if it was refused and counted
   * as such; do not call `close` then. `isMoved`: another instance has counted it as accepted.
   */
  open(address?: string, isMoved?: boolean): boolean
  /** Limit that caused the latest refusal; the worker as a whole if missing. */
  readonly refusedBy?: DoorLimit
  /**
   * Reports the address of a connection that was opened without one. Returns false if its client is at its
   * limit.
   */
  identify(address: string): boolean
  /** Reports the end of an admitted connection, with the address that it was opened or identified with. */
  close(address?: string): void
}
