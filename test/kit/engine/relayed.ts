/** Runs exchanges over an upstream pool without a data plane. */
import type { LookupFunction } from 'node:net'
import type { ErrorCode } from '../../../src/errors.ts'
import type { Gate } from '../../../src/http/dial/gate.ts'
import { Reclaimer } from '../../../src/http/reclaim.ts'
import { type PoolOptions, UpstreamPool } from '../../../src/http/upstream/pool.ts'
import { Relay, type RelayOwner } from '../../../src/http/upstream/relay.ts'
import { FakeRequest, FakeResponse } from './fake-exchange.ts'

/** A gate that allows everything except what a test refuses, and finds every name on this machine. */
export const gateWith = (closed: Partial<Gate> = {}): Gate => ({
  refuseTarget: () => null,
  refuseAddress: () => null,
  refusePeer: () => null,
  lookup: ((_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])) as LookupFunction,
  ...closed,
})

export const poolWith = (bounds: Partial<PoolOptions> = {}): UpstreamPool =>
  new UpstreamPool({
    maxIdlePerHost: 10,
    idleMs: 60_000,
    connectMs: 5_000,
    lifetimeMs: 0,
    responseMs: 60_000,
    gate: gateWith(),
    ...bounds,
  })

/** Records what an exchange learns. */
export class RecordingOwner implements RelayOwner {
  closing = false
  shownId: string | null = null
  readonly attempts: { readonly isReused: boolean; code?: ErrorCode | null }[] = []
  failure: ErrorCode | null = null
  refusal: ErrorCode | null = null
  cause: unknown = null

  relayFailed(code: ErrorCode, cause: unknown): void {
    this.failure = code
    this.cause = cause
  }

  refuse(code: ErrorCode): void {
    this.refusal = code
  }

  dialled(_upstream: string, isReused: boolean): void {
    this.attempts.push({ isReused })
  }

  connected(): void {}

  answered(): void {}

  attemptEnded(code: ErrorCode | null): void {
    const last = this.attempts.at(-1)
    if (last !== undefined) last.code = code
  }
}

export interface Relayed {
  readonly request: FakeRequest
  readonly response: FakeResponse
  readonly owner: RecordingOwner
  readonly relay: Relay
}

/** Starts an exchange; `fields` go to the upstream as they are. */
export function relay(
  pool: UpstreamPool,
  origin: string,
  fields: readonly string[] = ['Host', 'client.test'],
  request = new FakeRequest(),
  maxBodyBytes = Infinity,
): Relayed {
  const response = new FakeResponse(request)
  const owner = new RecordingOwner()
  const service = {
    pool,
    pseudonym: 'test',
    maxBodyBytes,
    cleanTrailers: null,
    reclaimer: new Reclaimer(() => {}),
  }
  const started = new Relay(response, owner, service, origin, '/', fields)
  started.start()
  return { request, response, owner, relay: started }
}

/** Runs an exchange without a body to its end. */
export async function exchange(
  pool: UpstreamPool,
  origin: string,
  fields?: readonly string[],
): Promise<Relayed> {
  const relayed = relay(pool, origin, fields)
  await relayed.response.over
  return relayed
}
