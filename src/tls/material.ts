/** The TLS data of one listener, read and validated by main. Contains private keys: never log it. */
export interface TlsMaterial {
  /** The first one is the default. */
  readonly certificates: readonly {
    /** PEM text with its chain. */
    readonly cert: string
    /** PEM text. */
    readonly key: string
    /** Lower case; a leading `*.` stands for one label. */
    readonly names: readonly string[]
  }[]
  /** PEM text; null if clients need no certificate. */
  readonly clientCa: string | null
  /** 48 bytes, equal in all instances, so that a client can resume its session with any of them. */
  readonly ticketKeys: Uint8Array
  /** Binds sessions to their listener, because one with other client authorities must not resume them. */
  readonly sessionIdContext: string
}
