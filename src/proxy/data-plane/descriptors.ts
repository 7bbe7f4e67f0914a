import type { Socket } from 'node:net'
import { replyBytes } from '../../http/reply/reply.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import type { Log } from '../exchange/exchange-log.ts'
import type { DataPlane } from './data-plane.ts'

/** From which descriptor on they are scarce, and how many connections are admitted all the same. */
export interface DescriptorBounds {
  readonly scarceFrom: number
  readonly share: number
}

/** While it lasts, scarcity is told so often. */
const tellAgainMs = 10_000

type HandledSocket = Socket & { readonly _handle?: { readonly fd?: number } | null }

interface Deps {
  /** Counts what is refused. */
  readonly block: CounterBlock
  readonly log: Log
}

const refusal = replyBytes('OVER_LIMIT', { headers: ['Retry-After', '1'], isPrepared: true })

/**
 * Refuses connections for which there are no descriptors to spare. A new descriptor has the lowest number that is free
 * (POSIX, `open`), so that of an accepted socket tells how many are in use, for nothing.
 */
export class DescriptorGuard {
  readonly #dataPlane: Pick<DataPlane, 'open' | 'dropIdle' | 'refused'>
  readonly #bounds: DescriptorBounds | null
  readonly #deps: Deps
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(
    dataPlane: Pick<DataPlane, 'open' | 'dropIdle' | 'refused'>,
    bounds: DescriptorBounds | null,
    deps: Deps,
  ) {
    this.#dataPlane = dataPlane
    this.#bounds = bounds
    this.#deps = deps
  }

  /**
   * False: the socket was refused, and counted as such. What is not plain could read an answer only after a handshake, and
   * gets none.
   */
  admits(socket: Socket, peer: string, isPlain: boolean): boolean {
    const bounds = this.#bounds
    const { open } = this.#dataPlane
    if (bounds === null || open < bounds.share) return true
    const fd = (socket as HandledSocket)._handle?.fd ?? -1
    if (fd < bounds.scarceFrom) return true
    this.#refuse(socket, peer, isPlain)
    this.#tell(open, performance.now())
    return false
  }

  /** At once, without waiting for the client to close: whoever lingers has a descriptor. */
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

  #tell(open: number, now: number): void {
    if (now - this.#toldAt < tellAgainMs) return
    this.#toldAt = now
    this.#deps.log('warn', 'file descriptors are scarce, connections are refused', { open })
    this.#dataPlane.dropIdle()
  }
}
