/**
 * What CONNECT and Upgrade have in common: after the switch a connection is no exchange any more but a tunnel with
 * counters of its own.
 */
import type { TunnelEnd } from '../http/tunnel.ts'
import { cell } from '../telemetry/counters.ts'
import type { Exchange } from './exchange.ts'

/** Counts a tunnel in; the returned function counts it out, with its bytes, and may be called again. */
export function countTunnel(exchange: Exchange): (end: TunnelEnd) => void {
  const { block } = exchange
  block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) + 1
  block[cell.tunnelsTotal] = (block[cell.tunnelsTotal] ?? 0) + 1
  let isOpen = true
  return (end) => {
    exchange.ended(end)
    if (!isOpen) return
    isOpen = false
    block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) - 1
  }
}
