/**
 * The request, response and tunnel interfaces that the data plane works with. HTTP/1.1 uses node:http's own
 * objects, HTTP/2 one pair of objects per stream (h2/).
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../errors.ts'

export interface HttpRequest {
  readonly method?: string | undefined
  /** The request line has more than one space between two parts (HTTP/1.1 only). */
  isSpread?: boolean
  /** The request target as an HTTP/1.1 request line would have it. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Flat, without pseudo-fields; the request to the next hop is built from these. */
  readonly rawHeaders: readonly string[]
  /** Flat; available at the end of the body. */
  readonly rawTrailers?: readonly string[]
  readonly httpVersion: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  /** Whether the whole request has been read. */
  readonly complete: boolean
  /** The client's connection, which other exchanges may share. */
  readonly socket: Socket
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
  /** True while the body is read, false while it is paused, null while it has no consumer. */
  readonly readableFlowing: boolean | null
}

export interface HttpResponse {
  readonly req: HttpRequest
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  /** Whether the whole response was handed to the connection; stays false if it was cut off. */
  readonly writableFinished: boolean
  /**
   * False ends the connection after this response. Without effect in HTTP/2, where GOAWAY ends connections.
   */
  shouldKeepAlive: boolean
  /** The socket it is written to; null while an earlier response is being sent. */
  readonly socket: { readonly writableNeedDrain: boolean } | null
  /** Body bytes of this exchange, if it shares its connection with others. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /** Body bytes handed to the connection. */
  readonly writtenBytes?: number | undefined
  /** The client of a CONNECT over HTTP/2. Over HTTP/1.1 a CONNECT has no response object. */
  readonly tunnel?: TunnelClient | undefined
  /** Sets a field of the final response; a field of the same name in `writeHead` replaces it. */
  setHeader(name: string, value: string): unknown
  /**
   * Reserves room for the next write on a connection that many responses share. Null if there is room;
   * otherwise resolves when there is, or when the response has ended.
   */
  room?(bytes: number): Promise<void> | null
  writeHead(status: number, reason: string | undefined, fields: string[]): unknown
  writeHead(status: number, fields: string[] | OutgoingHttpHeaders): unknown
  write(chunk: string | Uint8Array, done?: (error: Error | null | undefined) => void): boolean
  end(last?: string | Uint8Array, done?: () => void): unknown
  end(last: string | Uint8Array, encoding: BufferEncoding): unknown
  flushHeaders(): void
  /** Sends 100 to a client that waits for it; if missing, use `writeInformation`. */
  writeContinue?(): void
  writeInformation(status: number, fields: readonly string[]): void
  addTrailers(fields: readonly [string, string][]): void
  /** Breaks the response off, so that it does not look complete. */
  destroy(): unknown
  on(event: 'close' | 'drain', listener: () => void): unknown
  once(event: 'close' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'drain', listener: () => void): unknown
}

/** One end of a tunnel: a socket or an HTTP/2 stream. */
export interface TunnelSide {
  readonly destroyed: boolean
  readonly readableEnded: boolean
  readonly writableFinished: boolean
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'drain' | 'end' | 'timeout' | 'error' | 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
  write(chunk: Buffer): boolean
  end(): unknown
  pause(): unknown
  resume(): unknown
  setTimeout(ms: number): unknown
  destroy(): unknown
}

/** The client that requested a tunnel. */
export interface TunnelClient {
  readonly side: TunnelSide
  /** Bytes of this tunnel, if its connection also carries others. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /** Watches until `accept` or `refuse` whether the client leaves; if it does, `side` closes. */
  wait(): void
  /**
   * Confirms the tunnel, with flat header fields; from then on only `side` is used. Returns the bytes
   * received so far.
   */
  accept(fields: readonly string[]): readonly Buffer[]
  /** Answers with an error response instead; returns the size of its body. */
  refuse(code: ErrorCode, requestId: string | null): number
}

/** Whether the request has a body (RFC 9112 6.3; RFC 9113 8.1: unless the head ends the stream). */
export function hasBody({ httpVersionMajor, complete, headers }: HttpRequest): boolean {
  if (httpVersionMajor === 2) return !complete
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}
