import type { IncomingMessage, ServerResponse as Response } from 'node:http'
import { ServerResponse } from './builtin.ts'

/** Documented by its use in Node's own source only: false for what has no body, whatever is written to it. */
type Bodied = Response & { readonly _hasBody: boolean }

type Done = (error: Error | null | undefined) => void

/** A response that knows how many bytes its body has: the connection's own count has heads, framing and other responses in it. */
export class CountedResponse extends ServerResponse<IncomingMessage> {
  writtenBytes = 0

  override write(chunk: string | Uint8Array, second?: BufferEncoding | Done, third?: Done): boolean {
    this.#count(chunk, second)
    return super.write(chunk, second as BufferEncoding, third)
  }

  override end(
    chunk?: string | Uint8Array | (() => void),
    second?: BufferEncoding | (() => void),
    third?: () => void,
  ): this {
    if (chunk !== undefined && typeof chunk !== 'function') this.#count(chunk, second)
    return super.end(chunk, second as BufferEncoding, third)
  }

  #count(chunk: string | Uint8Array, encoding: unknown): void {
    if (chunk === null || !(this as unknown as Bodied)._hasBody) return
    if (typeof chunk !== 'string') this.writtenBytes += chunk.byteLength
    else this.writtenBytes += encoding === 'latin1' ? chunk.length : Buffer.byteLength(chunk)
  }
}
