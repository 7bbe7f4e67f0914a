/**
 * What CONNECT and Upgrade have in common: after the switch a connection is no exchange any more but a tunnel with
 * counters of its own.
 */
import { type CounterBlock, cell } from '../telemetry/counters.ts'
import type { Connection } from './connection.ts'

/** Counts a tunnel in; the returned function counts it out, with its bytes, and may be called again. */
export function countTunnel(connection: Connection, block: CounterBlock): () => void {
  block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) + 1
  block[cell.tunnelsTotal] = (block[cell.tunnelsTotal] ?? 0) + 1
  let isOpen = true
  return () => {
    connection.account(block)
    if (!isOpen) return
    isOpen = false
    block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) - 1
  }
}
