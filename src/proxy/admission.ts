/**
 * How the edge asks the ledger about a connection. The ledger's mode follows from the worker chart's state: a worker
 * admits a connection because its chart is in a state that admits, and for no other reason.
 */
export interface Admission {
  /** Tells the ledger that a connection came. False: it was refused and counted as such; do not call `close`. */
  open(): boolean
  /** Tells the ledger that an admitted connection ended. */
  close(): void
}
