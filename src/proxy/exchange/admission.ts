import type { DoorLimit } from './traffic.ts'

/**
 * How the edge asks the ledger about a connection. The ledger's mode follows from the worker chart's state: a worker
 * admits a connection because its chart is in a state that admits, and for no other reason.
 */
export interface Admission {
  /**
   * Tells the ledger that a connection came, for the worker with its peer's address where that is known. False: it was refused
   * and counted as such; do not call `close`.
   */
  open(address?: string): boolean
  /** What the latest refusal was for; the worker as a whole where it is missing. */
  readonly refusedBy?: DoorLimit
  /** The address of a connection that was opened without one is known. False: its client has as many as it may have. */
  identify(address: string): boolean
  /** Tells the ledger that an admitted connection ended; with the address that it was opened or identified with. */
  close(address?: string): void
}
