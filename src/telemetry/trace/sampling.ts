/**
 * Head sampling by ratio, with the decision of the `TraceIdRatioBased` sampler of OpenTelemetry's JavaScript
 * SDK: the XOR of the four 32-bit words of the trace id is below a bound. All samplers of a trace with the
 * same ratio therefore agree.
 */
import { Buffer } from 'node:buffer'

/** Bound below which trace ids are sampled; 0 for none, 2^32 for all. */
export function ratioBound(ratio: number): number {
  return ratio >= 1 ? 2 ** 32 : Math.floor(Math.max(0, ratio) * 0xffffffff)
}

export function isIdSampled(traceId: string, bound: number): boolean {
  let sum = 0
  for (let at = 0; at < 32; at += 8) sum ^= Number.parseInt(traceId.slice(at, at + 8), 16)
  return sum >>> 0 < bound
}

const poolBytes = 8 * 1024
const traceBytes = 16
const spanBytes = 8

/** Generates ids from random bytes that are fetched in bulk. */
export class TraceIds {
  readonly #pool = Buffer.allocUnsafeSlow(poolBytes)
  readonly #words = new DataView(this.#pool.buffer)
  readonly #fill: (bytes: Buffer) => unknown
  #at = poolBytes
  #drawn = 0

  /** `fill` fills a buffer with unpredictable bytes. */
  constructor(fill: (bytes: Buffer) => unknown) {
    this.#fill = fill
  }

  /** Draws a new trace id; returns whether the trace is sampled. */
  draw(bound: number): boolean {
    const at = this.#take(traceBytes)
    const words = this.#words
    const sum =
      words.getUint32(at) ^ words.getUint32(at + 4) ^ words.getUint32(at + 8) ^ words.getUint32(at + 12)
    this.#drawn = at
    return sum >>> 0 < bound
  }

  /** The last drawn id in hex. */
  get drawn(): string {
    return this.#hex(this.#drawn, traceBytes)
  }

  spanId(): string {
    return this.#hex(this.#take(spanBytes), spanBytes)
  }

  #hex(from: number, size: number): string {
    return this.#pool.toString('hex', from, from + size)
  }

  /** Returns the offset of `size` random bytes that are not all zero (W3C Trace Context 3.2.2.3). */
  #take(size: number): number {
    for (;;) {
      if (this.#at + size > poolBytes) {
        this.#fill(this.#pool)
        this.#at = 0
      }
      const at = this.#at
      this.#at += size
      for (let one = at; one < at + size; one += 4) if (this.#words.getUint32(one) !== 0) return at
    }
  }
}
