/** Refuses connections when file descriptors are scarce. */
import { Socket } from 'node:net'
import { replyBytes } from '../../http/reply/reply.ts'
import type { Transport } from '../../http/transport/transport.ts'
import { closeAccepted, fdOf, transportOf } from '../../http/transport/transport-of.ts'
import type { Log } from '../../telemetry/log/log.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import type { DataPlane } from './data-plane.ts'

/**
 * The descriptor number from which descriptors are scarce, and the number of connections that are admitted
 * all the same.
 */
export interface DescriptorReserve {
  readonly scarceFrom: number
  readonly share: number
}

/** Interval of the warning while scarcity lasts. */
const warnAgainMs = 10_000

interface Deps {
  /** Counts refused connections. */
  readonly block: CounterBlock
  readonly log: Log
}

const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'], isPrepared: true })

/**
 * Refuses connections when descriptors are scarce. A new descriptor gets the lowest free number (POSIX,
 * `open`), so the number of an accepted socket shows at no cost how many are in use.
 */
export class DescriptorGuard {
  readonly #dataPlane: Pick<DataPlane, 'open' | 'dropIdle' | 'refused'>
  readonly #bounds: DescriptorReserve | null
  readonly #deps: Deps
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(
    dataPlane: Pick<DataPlane, 'open' | 'dropIdle' | 'refused'>,
    bounds: DescriptorReserve | null,
    deps: Deps,
  ) {
    this.#dataPlane = dataPlane
    this.#bounds = bounds
    this.#deps = deps
  }

  /**
   * Returns false if the connection was refused and counted. A TLS client could read an answer only after a
   * handshake, so it gets none.
   */
  admits(accepted: Transport | Socket, peer: string, isPlain: boolean): boolean {
    const bounds = this.#bounds
    const { open } = this.#dataPlane
    if (bounds === null || open < bounds.share) return true
    if (fdOf(accepted) < bounds.scarceFrom) return true
    this.#refuse(accepted, peer, isPlain)
    this.#warn(open, performance.now())
    return false
  }

  /** Closes at once, without waiting for the client: a lingering socket keeps its descriptor. */
  #refuse(accepted: Transport | Socket, peer: string, isPlain: boolean): void {
    const { block } = this.#deps
    count(block, 'connectionsTotal')
    count(block, 'connectionsRefused')
    this.#dataPlane.refused(peer, 'descriptors', isPlain ? refusal.length : 0)
    if (!isPlain) {
      closeAccepted(accepted)
      return
    }
    const transport = accepted instanceof Socket ? transportOf(accepted) : accepted
    transport.write(refusal)
    transport.end()
    transport.close()
  }

  #warn(open: number, now: number): void {
    if (now - this.#warnedAt < warnAgainMs) return
    this.#warnedAt = now
    this.#deps.log('warn', 'file descriptors are scarce; connections are refused', { open })
    this.#dataPlane.dropIdle()
  }
}
