/** Reads the origin of upstream connections and what they share. */
import { BifrostError } from '../../errors.ts'
import { formatAuthority, parseAuthority } from '../address/authority.ts'
import type { CoarseClock } from '../clock.ts'
import { type Dial, dial } from '../dial/dial.ts'
import type { Gate } from '../dial/gate.ts'
import type { TlsSessions } from '../dial/tls-target.ts'
import type { AfterPoll } from '../wire/client/after-poll.ts'
import type { WireOptions } from '../wire/client/options.ts'
import { tunnelBuffers } from './tunnel-buffers.ts'

/** Options of a pool that concern single connections. */
export interface OriginOptions {
  readonly idleMs: number
  readonly connectMs: number
  readonly responseMs: number
  readonly gate: Gate | null
  readonly ca?: string | Buffer
  readonly dial?: Dial
}

/** Parts of a pool that its connections share. */
export interface OriginShared {
  readonly clock: CoarseClock
  readonly afterPoll: AfterPoll
  readonly sessions: TlsSessions
}

/** `name` is `scheme://host:port`; throws BAD_AUTHORITY for anything else. */
export function wireOptions(name: string, options: OriginOptions, shared: OriginShared): WireOptions {
  const isSecure = name.startsWith('https:')
  const given = name.slice(isSecure ? 'https://'.length : 'http://'.length)
  const authority = parseAuthority(given, isSecure ? 443 : 80)
  if (authority === null) throw new BifrostError('BAD_AUTHORITY', `${name} is not an origin`)
  const { clock, afterPoll, sessions } = shared
  const { gate, connectMs: timeoutMs, ca } = options
  const tls = isSecure ? { sessions, ca } : undefined
  return {
    target: { ...authority, timeoutMs, gate, tls, clock },
    dial: options.dial ?? dial,
    authority: formatAuthority(authority),
    clock,
    afterPoll,
    buffers: tunnelBuffers,
    idleMs: Math.max(1, options.idleMs),
    responseMs: options.responseMs,
  }
}
