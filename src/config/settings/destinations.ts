/** Where a forward proxy may connect to, as plain data. */

/** One entry of a list: exactly one of `host` and `network` is set. */
export interface DestinationEntry {
  /** As written, for messages. */
  readonly text: string
  /** Lower-case name without a trailing dot; `*.` in front stands for one or more labels. */
  readonly host: string | null
  /** `address` or `address/length`, without brackets. */
  readonly network: string | null
  /** Null: every port. */
  readonly port: number | null
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

export interface DestinationSettings {
  readonly allow: readonly DestinationEntry[]
  /** Stronger than `allow`. */
  readonly deny: readonly DestinationEntry[]
  /** Ports that CONNECT may name. */
  readonly connectPorts: readonly PortRange[]
}
