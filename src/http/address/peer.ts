/** The name of a connected peer. */
import { canonicalAddress, unixPeer } from './address.ts'

/** An accepted transport or socket. */
interface Accepted {
  readonly remoteAddress?: string | undefined
}

/**
 * The name of the peer of an accepted connection: its canonical address, or `unix:`. Null if a TCP peer has
 * left: after a reset the kernel no longer knows the address, but the bytes sent before it can still be read.
 * Close such a connection unread, because no rule about addresses can be applied to it.
 */
export function peerOf(accepted: Accepted, isUnix: boolean): string | null {
  return isUnix ? unixPeer : canonicalAddress(accepted.remoteAddress ?? '')
}
