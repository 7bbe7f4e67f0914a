/** What an instance needs to speak TLS on a listener: plain data, read and judged by main. Holds private keys: never log it. */
export interface TlsMaterial {
  /** The first is the default. */
  readonly certificates: readonly {
    /** PEM, with its chain. */
    readonly cert: string
    /** PEM. */
    readonly key: string
    /** Lower case; `*.` in front stands for one label. */
    readonly names: readonly string[]
  }[]
  /** PEM; null where clients are not asked. */
  readonly clientCa: string | null
  /** 48 bytes, the same for every instance, so that a client resumes its session with any of them. */
  readonly ticketKeys: Uint8Array
  /** Binds sessions to their listener: one with other client authorities must not resume them. */
  readonly sessionIdContext: string
}
