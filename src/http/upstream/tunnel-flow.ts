/**
 * One direction of a tunnel: reads one side and writes the other, with backpressure.
 *
 *   shared buffer --a burst--> own buffers, read in turn --little in one period--> shared buffer
 *
 * A write may still need its bytes when the next read comes. Small pieces are copied. Large ones arrive in a
 * buffer of this direction: if the kernel takes them at once, the same buffer is read into again; if not, the
 * second one; if both are pending, reading stops until they have left.
 */
import { add, type CounterBlock } from '../../telemetry/metrics/counters.ts'
import type { TunnelSide } from '../message/message.ts'
import type { TransportOwner } from '../transport/transport.ts'
import { type TunnelBuffers, tunnelBufferBytes } from './tunnel-buffers.ts'

/** Bytes have moved, or the side has ended or closed. */
export interface FlowOwner {
  moved(): void
  flowEnded(): void
  flowClosed(flow: Flow, error: Error | null): void
}

/** A smaller piece is copied, unless many of them arrive: a tunnel that says little needs no buffers. */
const largeBytes = 16 * 1024

export class Flow implements TransportOwner {
  readonly #from: TunnelSide
  readonly #to: TunnelSide
  readonly #owner: FlowOwner
  readonly #buffers: TunnelBuffers
  readonly #counters: CounterBlock
  readonly #cell: number
  /** The flow in the other direction, which writes what this one's `drained` is about. */
  #back: Flow | null = null
  #one: Buffer | null = null
  #two: Buffer | null = null
  /** The own buffer that `from` reads into; null: the shared one. */
  #reading: Buffer | null = null
  #isPaused = false
  /** Pieces written to `to`; counted until it writes without delay. */
  #pieces = 0
  /** Whether `to` has sent something since the last piece. */
  #isAnswered = false
  #hasNoDelay = false
  /** Bytes since the last `settle`. */
  #recent = 0

  constructor(
    from: TunnelSide,
    to: TunnelSide,
    owner: FlowOwner,
    buffers: TunnelBuffers,
    counters: CounterBlock,
    cell: number,
  ) {
    this.#from = from
    this.#to = to
    this.#owner = owner
    this.#buffers = buffers
    this.#counters = counters
    this.#cell = cell
  }

  /** Takes both sides over. Reading starts with the side's `resume`. */
  static join(up: Flow, down: Flow): void {
    up.#back = down
    down.#back = up
    up.#from.owner = up
    down.#from.owner = down
    // The client was sent the response that began the tunnel.
    down.#pieces = 1
  }

  received(bytes: Buffer, length: number): Buffer | null {
    this.#recent += length
    this.#owner.moved()
    add(this.#counters, this.#cell, length)
    if (this.#back !== null) this.#back.#isAnswered = true
    if (!this.#hasNoDelay) this.#hasten()
    if (bytes === this.#reading) return this.#pass(bytes, length)
    const isBurst = length >= largeBytes || this.#recent >= tunnelBufferBytes
    if (isBurst && this.#keep(bytes, length)) return this.#pass(this.#one as Buffer, length)
    // Nothing says whether the kernel will take the bytes, so they are copied before they are written.
    this.#reading = null
    if (!this.#to.write(copyOf(bytes, length))) this.#pause()
    return null
  }

  peerEnded(): void {
    this.#to.end()
    this.#owner.flowEnded()
  }

  drained(): void {
    this.#back?.resume()
  }

  closed(error: Error | null): void {
    this.#owner.flowClosed(this, error)
  }

  /** Reads on after a pause: what was written has left. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#owner.moved()
    this.#reading = this.#one
    this.#from.readInto(this.#one)
    this.#from.resume()
  }

  /** Called once a period: gives the buffers back unless the bytes of this period would fill one. */
  settle(): void {
    const isBusy = this.#recent >= tunnelBufferBytes || this.#isPaused || this.#to.pendingBytes > 0
    this.#recent = 0
    if (this.#one === null || isBusy) return
    if (this.#reading !== null) this.#from.readInto(null)
    this.#reading = null
    this.#buffers.give(this.#one)
    if (this.#two !== null) this.#buffers.give(this.#two)
    this.#one = this.#two = null
  }

  /** Gives the buffers back at the end of the tunnel, before the sides close: TLS may still read for a moment. */
  end(): void {
    if (this.#reading !== null) this.#from.readInto(null)
    const isPending = this.#to.pendingBytes > 0
    for (const buffer of [this.#one, this.#two]) {
      if (buffer === null) continue
      if (isPending) this.#buffers.drop()
      else this.#buffers.give(buffer)
    }
    this.#one = this.#two = this.#reading = null
  }

  /** Copies the first large piece to an own buffer. Returns false if there is no free one. */
  #keep(bytes: Buffer, length: number): boolean {
    if (length > tunnelBufferBytes) return false
    if (this.#one === null) this.#one = this.#buffers.take()
    else if (this.#to.pendingBytes > 0) return false
    if (this.#one === null) return false
    bytes.copy(this.#one, 0, 0, length)
    return true
  }

  /** Writes the bytes of an own buffer. Returns the buffer for the next read. */
  #pass(buffer: Buffer, length: number): Buffer | null {
    this.#to.write(length === buffer.length ? buffer : buffer.subarray(0, length))
    const pending = this.#to.pendingBytes
    this.#reading = pending === 0 ? buffer : this.#otherThan(buffer, pending <= length)
    // Over TLS a paused side may still read a record, which must not land in a buffer that is being written.
    if (this.#reading === null) this.#pause()
    return this.#reading
  }

  /** Bytes leave in order, so the other buffer is free if no more is pending than this one holds. */
  #otherThan(buffer: Buffer, isFree: boolean): Buffer | null {
    if (buffer === this.#two) return isFree ? this.#one : null
    if (this.#two === null) {
      this.#two = this.#buffers.take()
      return this.#two
    }
    return isFree ? this.#two : null
  }

  /**
   * The kernel holds a small piece back until the one before is acknowledged (RFC 9293 3.7.4), unless TCP_NODELAY is
   * set. An answer acknowledges too, so a tunnel of one question and one answer needs no system call.
   */
  #hasten(): void {
    this.#hasNoDelay = this.#pieces > 1 || (this.#pieces === 1 && !this.#isAnswered)
    if (this.#hasNoDelay) this.#to.setNoDelay()
    this.#pieces += 1
    this.#isAnswered = false
  }

  #pause(): void {
    this.#isPaused = true
    this.#from.pause()
  }
}

function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}
