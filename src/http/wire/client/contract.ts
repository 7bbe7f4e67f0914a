/** The interface between a connection to an upstream and the exchange on it. */
import type { RequestBody } from '../../message/request-body.ts'
import type { Transport } from '../../transport/transport.ts'

/** A request as it is sent to the upstream. */
export interface OutgoingRequest {
  readonly method: string
  readonly path: string
  /** Flat. */
  readonly fields: readonly string[]
  readonly body: RequestBody | null
}

/** Receives the response of one request. After `responseEnded` or `responseFailed` nothing follows. */
export interface ResponseSink {
  /** The request is being written; null if the transport is not known. */
  requestStarted(peer: Transport | null): void
  /**
   * A response head, informational ones included. `reason` is latin1, undefined in HTTP/2; `fields` are flat.
   * May throw: the error then ends the exchange.
   */
  responseStarted(status: number, reason: string | undefined, fields: readonly string[]): void
  /** Owns the piece; text is latin1. */
  responseData(piece: Buffer | string): void
  /** As `responseData`; `left` is called once when the piece is not needed any more. Not the first piece. */
  responseLent(piece: Buffer, left: () => void): void
  /** `trailers` are flat. */
  responseEnded(trailers: readonly string[]): void
  responseFailed(error: Error): void
  /** Called after each read that did not end the response: what is held back may be sent now. */
  flush(): void
}

/** One upstream connection, for one exchange at a time. */
export interface UpstreamConnection {
  readonly transport: Transport | null
  /** Whether it is established. */
  readonly isConnected: boolean
  dispatch(request: OutgoingRequest, sink: ResponseSink): void
  /** Stops and restarts reading the response. */
  pause(): void
  resume(): void
  /** Ends the running exchange: the sink gets the error. */
  abort(error: Error): void
  /** Ends it together with its exchange; the sink hears nothing more. */
  close(): void
}

/** Learns when a connection is established and when it has ended; the second follows the first once. */
export interface ConnectionListener {
  connectionOpened(): void
  connectionClosed(): void
}
