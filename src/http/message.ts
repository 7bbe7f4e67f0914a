/**
 * What the edge and its services use of a request and its response, whatever carries them: node:http's own objects for HTTP/1.1, a
 * stream of its own for each in HTTP/2 (h2-message.ts).
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../errors.ts'

export interface HttpRequest {
  readonly method?: string | undefined
  /** Its request line has more than one space between two parts; known for what came by HTTP/1.1. */
  isSpread?: boolean
  /** The request target as an HTTP/1.1 request line would have it. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Flat and without pseudo-fields; what goes to the next hop is made of these. */
  readonly rawHeaders: readonly string[]
  /** Flat; known at the end of the body. */
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
  /** True while it is read, false while it is paused, null while nobody wants its body. */
  readonly readableFlowing: boolean | null
}

export interface HttpResponse {
  readonly req: HttpRequest
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  /** Whether all of it was handed over; false for ever when it was cut off. */
  readonly writableFinished: boolean
  /** False ends the connection after this response. HTTP/2 has no such field: its connections end by GOAWAY. */
  shouldKeepAlive: boolean
  /** What it is written to; null while an earlier response has its turn. */
  readonly socket: { readonly writableNeedDrain: boolean } | null
  /** Bytes of its bodies, where it shares its connection with others. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /** Bytes of its body that were given to the connection. */
  readonly writtenBytes?: number | undefined
  /** Whom a CONNECT in HTTP/2 makes a tunnel for; in HTTP/1.1 that is no exchange with a response. */
  readonly tunnel?: TunnelClient | undefined
  /** A field of the final response, whoever makes it; one of the same name in `writeHead` takes its place. */
  setHeader(name: string, value: string): unknown
  /**
   * Keeps room for the next write, where many responses share a connection. Null when there is some; else resolves when there is, or when the
   * response has ended.
   */
  room?(bytes: number): Promise<void> | null
  writeHead(status: number, reason: string | undefined, fields: string[]): unknown
  writeHead(status: number, fields: string[] | OutgoingHttpHeaders): unknown
  write(chunk: string | Uint8Array, done?: (error: Error | null | undefined) => void): boolean
  end(last?: string | Uint8Array, done?: () => void): unknown
  end(last: string | Uint8Array, encoding: BufferEncoding): unknown
  flushHeaders(): void
  /** 100, for a client that waits for it; where it is missing `writeInformation` says it. */
  writeContinue?(): void
  writeInformation(status: number, fields: readonly string[]): void
  addTrailers(fields: readonly [string, string][]): void
  /** Breaks it off, so that what was sent of it does not look complete. */
  destroy(): unknown
  on(event: 'close' | 'drain', listener: () => void): unknown
  once(event: 'close' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'drain', listener: () => void): unknown
}

/** One end of a tunnel: a socket, or a stream of HTTP/2. */
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

/** Who asks for a tunnel. */
export interface TunnelClient {
  readonly side: TunnelSide
  /** What went through it, where that is not all that its connection has carried. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /** Notices from here on that the client leaves, until it is accepted or refused: `side` is closed then. */
  wait(): void
  /** Says that the tunnel is open, with flat header fields: from here on `side` is all that there is. Returns what came meanwhile. */
  accept(fields: readonly string[]): readonly Buffer[]
  /** Answers with a row of the error table instead; gives the bytes of that answer's body. */
  refuse(code: ErrorCode, requestId: string | null): number
}

/** Whether a body follows the head (RFC 9112 6.3; RFC 9113 8.1: unless the head ends the stream). */
export function hasBody({ httpVersionMajor, complete, headers }: HttpRequest): boolean {
  if (httpVersionMajor === 2) return !complete
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}
