/** A transport without a socket, which a test drives byte by byte. */
import type { Transport, TransportKeeper, TransportOwner } from '../../../src/http/transport/transport.ts'

/** One buffer for all reads, as in a thread. */
const shared = Buffer.alloc(64 * 1024)

export class FakeTransport implements Transport {
  /** Calls of `reset`. */
  resets = 0
  owner!: TransportOwner
  keeper: TransportKeeper | null = null
  bytesRead = 0
  bytesWritten = 0
  pendingBytes = 0
  isClosed = false
  isEnded = false
  hasPeerEnded = false
  isPaused = true
  canReset = true
  remoteAddress = '192.0.2.1'
  remotePort = 80
  localAddress = '192.0.2.2'
  /** The buffer of the next read. */
  reading: Buffer = shared
  /** Every write, as latin1; a write of two pieces is one. */
  readonly writes: string[] = []
  hasNoDelay = false
  hasKeepAlive = false
  /** Whether writes report that the peer is behind. */
  isFull = false

  /** Everything written so far. */
  get written(): string {
    return this.writes.join('')
  }

  /** The peer sends bytes. */
  receive(text: string): void {
    const bytes = this.reading
    const length = bytes.write(text, 'latin1')
    this.bytesRead += length
    const next = this.owner.received(bytes, length)
    if (next !== undefined) this.readInto(next)
  }

  /** The peer sends its FIN. */
  receiveEnd(): void {
    this.hasPeerEnded = true
    this.owner.peerEnded()
  }

  /** The peer has taken everything. */
  drain(): void {
    this.isFull = false
    this.owner.drained()
  }

  /** The connection breaks. */
  break(error: Error | null = null): void {
    this.isClosed = true
    this.owner.closed(error)
  }

  resume(): void {
    this.isPaused = false
  }

  pause(): void {
    this.isPaused = true
  }

  readInto(buffer: Buffer | null): void {
    this.reading = buffer ?? shared
  }

  write(piece: string | Uint8Array): boolean {
    return this.#take(textOf(piece))
  }

  writeTwo(first: string | Uint8Array, second: string | Uint8Array): boolean {
    return this.#take(textOf(first) + textOf(second))
  }

  end(): void {
    this.isEnded = true
  }

  close(): void {
    this.isClosed = true
  }

  reset(): void {
    this.resets += 1
    this.isClosed = true
  }

  setNoDelay(): void {
    this.hasNoDelay = true
  }

  setKeepAlive(): void {
    this.hasKeepAlive = true
  }

  #take(text: string): boolean {
    this.bytesWritten += text.length
    this.writes.push(text)
    return !this.isFull
  }
}

const textOf = (piece: string | Uint8Array): string =>
  typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1')
