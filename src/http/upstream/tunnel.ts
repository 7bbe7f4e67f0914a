/**
 * Copies bytes between two sides in both directions, with backpressure. A FIN from one side is passed on; the
 * other direction stays open.
 *
 *   open --FIN of one side--> half closed --FIN of the other--> over ('done')
 *     \--------- idle, maxTunnelMs, a reset of either side, stop() ------/
 */
import { type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { CoarseClock, Timed } from '../clock.ts'
import type { TunnelSide } from '../message/message.ts'
import { probedAfterMs } from '../transport/unowned.ts'
import { type TunnelBuffers, tunnelBuffers } from './tunnel-buffers.ts'
import { Flow, type FlowOwner } from './tunnel-flow.ts'

export type TunnelEnd = 'done' | 'idle' | 'max_tunnel' | 'client' | 'upstream' | 'stopped'

/** Limits that many tunnels share, and the clock that keeps them. */
export interface TunnelBounds {
  readonly clock: CoarseClock
  /** Ends the tunnel after this time without a byte in either direction. */
  readonly idleMs: number
  /** Maximum lifetime, even of a busy tunnel; 0: unlimited. */
  readonly maxTunnelMs: number
  /** Idle timeout once one side has ended; default: `idleMs`, but at most a minute. */
  readonly halfClosedIdleMs?: number
  /** Default: those of the thread. */
  readonly buffers?: TunnelBuffers
}

export interface TunnelOwner {
  /** Called once, when both sides are closed or closing. */
  tunnelEnded(reason: TunnelEnd): void
}

const halfClosedMs = 60_000

export class Tunnel implements Timed, FlowOwner {
  place = -1
  readonly #client: TunnelSide
  readonly #upstream: TunnelSide
  readonly #bounds: TunnelBounds
  readonly #owner: TunnelOwner
  /** From the client to the upstream. */
  readonly #up: Flow
  readonly #down: Flow
  #idleMs: number
  readonly #startedAt: number
  /** Tick of the last byte. */
  #movedAt: number
  /** Bytes that had not left at the last look: a change means that the reader reads. */
  #pending = 0
  #isOver = false
  #closedSides = 0

  /** Takes over both sides and starts reading. `counters` counts the tunnelled bytes. */
  constructor(
    client: TunnelSide,
    upstream: TunnelSide,
    bounds: TunnelBounds,
    counters: CounterBlock,
    owner: TunnelOwner,
  ) {
    const { clock, idleMs, buffers = tunnelBuffers } = bounds
    this.#client = client
    this.#upstream = upstream
    this.#bounds = bounds
    this.#owner = owner
    this.#idleMs = idleMs
    this.#startedAt = clock.tick
    this.#movedAt = clock.tick
    this.#up = new Flow(client, upstream, this, buffers, counters, cell.tunnelBytesReceived)
    this.#down = new Flow(upstream, client, this, buffers, counters, cell.tunnelBytesSent)
    Flow.join(this.#up, this.#down)
    clock.add(this)
    this.#begin(client, this.#up)
    this.#begin(upstream, this.#down)
  }

  stop(): void {
    this.#end('stopped')
  }

  look(): void {
    const { clock, maxTunnelMs } = this.#bounds
    const pending = this.#client.pendingBytes + this.#upstream.pendingBytes
    if (pending !== this.#pending) {
      this.#pending = pending
      this.#movedAt = clock.tick
    }
    if (maxTunnelMs > 0 && clock.isOver(this.#startedAt, maxTunnelMs)) this.#end('max_tunnel')
    else if (clock.isOver(this.#movedAt, this.#idleMs)) this.#end('idle')
    else {
      // Short tunnels do without the system call.
      if (clock.isOver(this.#startedAt, probedAfterMs)) this.#upstream.setKeepAlive()
      this.#up.settle()
      this.#down.settle()
    }
  }

  moved(): void {
    this.#movedAt = this.#bounds.clock.tick
  }

  flowEnded(): void {
    this.moved()
    this.#idleMs = this.#bounds.halfClosedIdleMs ?? Math.min(this.#bounds.idleMs, halfClosedMs)
  }

  flowClosed(flow: Flow, error: Error | null): void {
    const side = flow === this.#up ? this.#client : this.#upstream
    this.#closedSides += 1
    if (error !== null || !side.hasPeerEnded || !side.isEnded) {
      this.#end(flow === this.#up ? 'client' : 'upstream')
    } else if (this.#closedSides === 2) this.#end('done')
  }

  #begin(side: TunnelSide, flow: Flow): void {
    if (this.#isOver) return
    if (side.isClosed) this.#end(side === this.#client ? 'client' : 'upstream')
    else if (side.hasPeerEnded) flow.peerEnded()
    side.resume()
  }

  #end(reason: TunnelEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#bounds.clock.delete(this)
    this.#up.end()
    this.#down.end()
    this.#client.close()
    this.#upstream.close()
    this.#owner.tunnelEnded(reason)
  }
}
