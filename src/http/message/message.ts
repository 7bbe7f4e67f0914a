/**
 * A request, its response and a tunnel as the data plane sees them, whatever protocol carries them: HTTP/1.1
 * (wire/server) or HTTP/2 (h2).
 */
import type { ErrorCode } from '../../errors.ts'
import type { Transport, TransportOwner } from '../transport/transport.ts'
import type { FieldList, PreparedResponse } from './prepared.ts'

export interface HttpRequest {
  readonly method: string
  /** The request target as an HTTP/1.1 request line would have it. */
  readonly target: string
  /** 10 and 11 for HTTP/1.0 and 1.1, 20 for HTTP/2. */
  readonly version: number
  /** Flat names and values, as received, without pseudo-fields; fields/lookup.ts finds one by its name. */
  readonly fields: readonly string[]
  /** Whether the request has a body (RFC 9112 6.3; RFC 9113 8.1). */
  readonly hasBody: boolean
  /** Whether the whole request has been read. */
  readonly isComplete: boolean
  /** Whether its body is being read: false before `readBody` and while it is paused. */
  readonly isReading: boolean
  /** Body bytes read so far, without framing. */
  readonly receivedBytes: number
  /** Flat trailer fields; available at the end of the body. */
  readonly trailers: readonly string[]
  /**
   * Gives the body to `sink` from now on, starting with what has arrived. Called at most once; without it the body waits, and is
   * discarded when the response ends.
   */
  readBody(sink: BodySink): void
  pauseBody(): void
  resumeBody(): void
  /** Reads the rest of the body and throws it away; the sink hears nothing more. */
  discardBody(): void
}

export interface BodySink {
  /** Owns the piece. */
  takeBody(piece: Buffer): void
  takeBodyEnd(): void
  /** The client left or broke the framing; the response closes too. The last call. */
  takeBodyFault(): void
}

/** Hears of one response. */
export interface ResponseOwner {
  /**
   * The response is over, complete (`isComplete`) or not. Called once, possibly within a call of `write`, `end` or `abort`.
   */
  responseClosed(response: HttpResponse): void
}

/** The writer of a response body, which stopped because `write` returned false. */
export interface BodySource {
  /** The client has taken what was written. */
  drained(): void
}

export interface HttpResponse {
  readonly request: HttpRequest
  /** Status of the final response; 0 before its head. */
  readonly status: number
  readonly isHeadSent: boolean
  /** Nothing more can be written: it is complete, broken off, or its client has left. */
  readonly isClosed: boolean
  /** Whether the whole response was handed to the kernel; stays false if it was cut off. */
  readonly isComplete: boolean
  /** False ends the connection after this response. Without effect in HTTP/2, where GOAWAY ends connections. */
  keepsAlive: boolean
  /** Body bytes written. */
  readonly writtenBytes: number
  /** Body bytes of this exchange, if it shares its connection with others. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /** The client of a CONNECT over HTTP/2. Over HTTP/1.1 a CONNECT has no response object. */
  readonly tunnel?: TunnelClient | undefined
  owner: ResponseOwner | null
  source: BodySource | null
  /** Sets a field of the final response; a field of the same name in `sendHead` replaces it. */
  setField(name: string, value: string): void
  /**
   * Reserves room for the next write on a connection that many responses share. Null if there is room;
   * otherwise resolves when there is, or when the response has ended.
   */
  room?(bytes: number): Promise<void> | null
  /**
   * Sets the head. It leaves with the first bytes of the body, with `flush` or with `end`. Content-Length, if
   * present, frames the body. An undefined reason is the standard one. Names and values must be
   * valid: their reader has checked them.
   */
  sendHead(status: number, reason: string | undefined, fields: FieldList): void
  /** Sends a whole response, without its body if the method is HEAD. */
  sendPrepared(prepared: PreparedResponse): void
  /**
   * Writes a piece of the body; text is latin1. Returns false if the client is behind: `source.drained` follows.
   * `done` runs once when the piece has left this process, or when the response is closed.
   */
  write(piece: string | Uint8Array, done?: () => void): boolean
  /** Ends the response, with a last piece. `done` as in `write`. */
  end(last?: string | Uint8Array, done?: () => void): void
  /** Sends the head now. */
  flush(): void
  /** Sends an informational response: 100 to a client that waits for it, or any other 1xx (RFC 9110 15.2). */
  inform(status: number, reason: string | undefined, fields: readonly string[]): void
  /** Sets flat trailer fields, before `end`. */
  setTrailers(fields: readonly string[]): void
  /** Breaks the response off, so that it does not look complete. */
  abort(): void
}

/**
 * One end of a tunnel: the part of a transport that a tunnel needs. An HTTP/2 stream implements it too.
 */
export type TunnelSide = Pick<
  Transport,
  | 'isClosed'
  | 'isEnded'
  | 'hasPeerEnded'
  | 'pendingBytes'
  | 'resume'
  | 'pause'
  | 'readInto'
  | 'write'
  | 'end'
  | 'close'
  | 'setNoDelay'
  | 'setKeepAlive'
> & { owner: TransportOwner }

/** The client that requested a tunnel. */
export interface TunnelClient {
  readonly side: TunnelSide
  /** Bytes of this tunnel, if its connection also carries others. */
  readonly bodyBytes?: { readonly received: number; readonly sent: number } | undefined
  /**
   * Holds what the client sends until `accept` or `refuse`, and calls `onLeft` once if it leaves before.
   */
  wait(onLeft: () => void): void
  /**
   * Confirms the tunnel, with flat header fields; from then on only `side` is used. Returns the bytes
   * received so far.
   */
  accept(fields: readonly string[]): readonly Buffer[]
  /** Answers with an error response instead; returns the size of its body. */
  refuse(code: ErrorCode, requestId: string | null): number
}
