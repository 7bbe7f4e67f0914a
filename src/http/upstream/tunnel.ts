/**
 * Copies bytes between two sockets in both directions, with backpressure. A FIN from one side is passed on;
 * the other direction stays open.
 *
 *   open --FIN of one side--> half closed --FIN of the other--> over ('done')
 *     \--------- idle, maxTunnelMs, a reset of either side, stop() ------/
 */
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { TunnelSide } from '../message.ts'
import type { Reclaimer } from '../reclaim.ts'

export type TunnelEnd = 'done' | 'idle' | 'max_tunnel' | 'client' | 'upstream' | 'stopped'

export interface TunnelOptions {
  /** Ends the tunnel after this time without a byte in either direction. */
  readonly idleMs: number
  /** Maximum lifetime, even of a busy tunnel; 0: unlimited. */
  readonly maxTunnelMs: number
  /** Idle timeout once one side has ended; default: `idleMs`, but at most a minute. */
  readonly halfClosedIdleMs?: number
  readonly reclaimer: Reclaimer
  /** Counts the tunnelled bytes. */
  readonly counters: CounterBlock
  /** Runs once, when both sides are closed or closing. */
  readonly onEnd: (reason: TunnelEnd) => void
}

const halfClosedMs = 60_000

export class Tunnel {
  readonly #client: TunnelSide
  readonly #upstream: TunnelSide
  readonly #options: TunnelOptions
  readonly #maxTunnel: NodeJS.Timeout | null
  #isOver = false
  #isHalfClosed = false
  #finished = 0

  /** Takes over both sides, which must have no other reader. */
  constructor(client: TunnelSide, upstream: TunnelSide, options: TunnelOptions) {
    this.#client = client
    this.#upstream = upstream
    this.#options = options
    this.#maxTunnel =
      options.maxTunnelMs > 0 ? setTimeout(() => this.#end('max_tunnel'), options.maxTunnelMs) : null
    this.#join(client, upstream, 'client')
    this.#join(upstream, client, 'upstream')
    if (!this.#isHalfClosed) this.#setIdle(options.idleMs)
  }

  stop(): void {
    this.#end('stopped')
  }

  #join(from: TunnelSide, to: TunnelSide, side: 'client' | 'upstream'): void {
    const { reclaimer, counters } = this.#options
    const bytes = side === 'client' ? cell.tunnelBytesReceived : cell.tunnelBytesSent
    from.on('data', (chunk: Buffer) => {
      reclaimer.moved(chunk.length)
      add(counters, bytes, chunk.length)
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => this.#passEnd(to))
    from.on('timeout', () => this.#end('idle'))
    from.on('error', () => this.#end(side))
    from.on('close', () => {
      this.#finished += 1
      if (!from.readableEnded || !from.writableFinished) this.#end(side)
      else if (this.#finished === 2) this.#end('done')
    })
    if (from.destroyed) this.#end(side)
    // A FIN that arrived while the other side was dialled was emitted before this listener existed.
    else if (from.readableEnded) this.#passEnd(to)
  }

  #passEnd(to: TunnelSide): void {
    this.#isHalfClosed = true
    this.#setIdle(this.#options.halfClosedIdleMs ?? Math.min(this.#options.idleMs, halfClosedMs))
    to.end()
  }

  #setIdle(ms: number): void {
    this.#client.setTimeout(ms)
    this.#upstream.setTimeout(ms)
  }

  #end(reason: TunnelEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#maxTunnel !== null) clearTimeout(this.#maxTunnel)
    this.#client.destroy()
    this.#upstream.destroy()
    this.#options.onEnd(reason)
  }
}
