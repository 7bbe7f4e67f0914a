/** node:http's ServerResponse with a count of its body bytes. */
import type { IncomingMessage, ServerResponse as Response } from 'node:http'
import { ServerResponse } from '../builtin.ts'

/** Documented by their use in Node's own source only. */
type Internals = Response & {
  /** False for what has no body, whatever is written to it. */
  readonly _hasBody: boolean
  _send(data: string, encoding: 'latin1'): boolean
}

type Done = (error: Error | null | undefined) => void

/**
 * A response that knows how many bytes its body has: the connection's own count has heads, framing and other responses in it. Its head
 * is always written as latin1 (RFC 9110 5.5): Node writes it in the encoding of the first text of the body, and a flushed one as UTF-8.
 */
export class CountedResponse extends ServerResponse<IncomingMessage> {
  writtenBytes = 0

  override write(chunk: string | Uint8Array, second?: BufferEncoding | Done, third?: Done): boolean {
    this.#count(chunk, second)
    return super.write(bytesOf(chunk, second), second as BufferEncoding, third)
  }

  override end(
    chunk?: string | Uint8Array | (() => void),
    second?: BufferEncoding | (() => void),
    third?: () => void,
  ): this {
    if (chunk === undefined || typeof chunk === 'function') {
      return super.end(chunk, second as BufferEncoding, third)
    }
    this.#count(chunk, second)
    return super.end(bytesOf(chunk, second), second as BufferEncoding, third)
  }

  override flushHeaders(): void {
    if (!this.headersSent) this.writeHead(this.statusCode)
    ;(this as unknown as Internals)._send('', 'latin1')
  }

  #count(chunk: string | Uint8Array, encoding: unknown): void {
    if (chunk === null || !(this as unknown as Internals)._hasBody) return
    if (typeof chunk !== 'string') this.writtenBytes += chunk.byteLength
    else this.writtenBytes += encoding === 'latin1' ? chunk.length : Buffer.byteLength(chunk)
  }
}

/** Text that would draw the head into its own encoding, as bytes. */
function bytesOf(chunk: string | Uint8Array, encoding: unknown): string | Uint8Array {
  if (typeof chunk !== 'string' || encoding === 'latin1') return chunk
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}
