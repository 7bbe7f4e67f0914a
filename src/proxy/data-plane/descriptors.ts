/** Refuses connections when file descriptors are scarce. */
import type { Socket } from 'node:net'
import { replyBytes } from '../../http/reply/reply.ts'
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

type HandledSocket = Socket & { readonly _handle?: { readonly fd?: number } | null }

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
   * Returns false if the socket was refused and counted. A TLS client could read an answer only after a
   * handshake, so it gets none.
   */
  admits(socket: Socket, peer: string, isPlain: boolean): boolean {
    const bounds = this.#bounds
    const { open } = this.#dataPlane
    if (bounds === null || open < bounds.share) return true
    const fd = (socket as HandledSocket)._handle?.fd ?? -1
    if (fd < bounds.scarceFrom) return true
    this.#refuse(socket, peer, isPlain)
    this.#warn(open, performance.now())
    return false
  }

  /** Closes at once, without waiting for the client: a lingering socket keeps its descriptor. */
  #refuse(socket: Socket, peer: string, isPlain: boolean): void {
    const { block } = this.#deps
    count(block, 'connectionsTotal')
    count(block, 'connectionsRefused')
    this.#dataPlane.refused(peer, 'descriptors', isPlain ? refusal.length : 0)
    if (!isPlain) {
      socket.destroy()
      return
    }
    socket.on('error', () => {}).write(refusal)
    socket.destroySoon()
  }

  #warn(open: number, now: number): void {
    if (now - this.#warnedAt < warnAgainMs) return
    this.#warnedAt = now
    this.#deps.log('warn', 'file descriptors are scarce; connections are refused', { open })
    this.#dataPlane.dropIdle()
  }
}
