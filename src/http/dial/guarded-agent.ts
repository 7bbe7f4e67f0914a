/** node:http agents for one connection, which passes a destination gate. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { BifrostError } from '../../errors.ts'
import { type Gate, guardedLookup, refusePeer } from './gate.ts'
import { tlsOptions } from './tls-target.ts'

/** A node:http agent for one connection, with the gate's checks. */
export interface GuardedAgent {
  /** The gate's objection to the target itself: node:http calls `lookup` only for names. */
  readonly refusal: BifrostError | null
  readonly agent: HttpAgent
  refusePeer(upstream: Socket): BifrostError | null
}

/** `origin`: `scheme://host:port`. `gate`: null if the operator chose the target. */
export function guardedAgent(origin: string, gate: Gate | null): GuardedAgent {
  const { protocol, hostname, port: given } = new URL(origin)
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const port = Number(given) || (isSecure ? 443 : 80)
  const checks = gate === null ? {} : { lookup: guardedLookup(gate, port) }
  return {
    refusal: gate?.refuseTarget(host, port) ?? null,
    // Without options of its own, node:https takes the server name from the client's Host field.
    agent: isSecure ? new HttpsAgent({ ...tlsOptions(host, {}), ...checks }) : new HttpAgent(checks),
    refusePeer: (upstream) => (gate === null ? null : refusePeer(gate, host, port, upstream)),
  }
}
