/** node:http agents whose connections pass a destination gate. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { BifrostError } from '../../errors.ts'
import { type Gate, guardedLookup, refusePeer } from './gate.ts'

/** A node:http agent for one connection, with the gate's checks. */
export interface GuardedAgent {
  /** The gate's objection to the target itself: node:http calls `lookup` only for names. */
  readonly refusal: BifrostError | null
  readonly agent: HttpAgent
  refusePeer(upstream: Socket): BifrostError | null
}

/** `origin`: `scheme://host:port`. */
export function guardedAgent(origin: string, gate: Gate): GuardedAgent {
  const { protocol, hostname, port: given } = new URL(origin)
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const port = Number(given) || (isSecure ? 443 : 80)
  const lookup = guardedLookup(gate, port)
  return {
    refusal: gate.refuseTarget(host, port),
    agent: isSecure ? new HttpsAgent({ lookup }) : new HttpAgent({ lookup }),
    refusePeer: (upstream) => refusePeer(gate, host, port, upstream),
  }
}
