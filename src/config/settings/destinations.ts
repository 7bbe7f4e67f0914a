/** Settings for where a forward proxy may connect. */

/** One entry of `allow` or `deny`: exactly one of `host` and `network` is set. */
export interface DestinationEntry {
  /** As written, for messages. */
  readonly text: string
  /** Lower-case name without a trailing dot; a leading `*.` matches one or more labels. */
  readonly host: string | null
  /** `address` or `address/length`, without brackets. */
  readonly network: string | null
  /** Null: all ports. */
  readonly port: number | null
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

export interface DestinationSettings {
  readonly allow: readonly DestinationEntry[]
  /** Takes precedence over `allow`. */
  readonly deny: readonly DestinationEntry[]
  /** Ports that CONNECT may use. */
  readonly connectPorts: readonly PortRange[]
}
