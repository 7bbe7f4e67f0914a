/** A connected byte stream as the HTTP/1.1 engine, the tunnels and the deadlines use it. */

/**
 * Receives the events of a transport. A transport has one owner at a time; the next owner takes over in the
 * same turn of the event loop.
 */
export interface TransportOwner {
  /**
   * Bytes have arrived: the first `length` of `bytes`. The buffer is shared by all transports of the thread, so
   * copy what is kept. The returned buffer, if any, receives this transport's next bytes (`null`: the shared
   * one again).
   */
  received(bytes: Buffer, length: number): Buffer | null | undefined
  /** The peer has sent its FIN. The other direction stays open. */
  peerEnded(): void
  /** Bytes were pending, and all of them have left. */
  drained(): void
  /** The transport is closed; the last event. `error` is Node's, null for an orderly end. */
  closed(error: Error | null): void
}

/** Learns that a transport is closed, regardless of its owner, who learns of it afterwards. */
export interface TransportKeeper {
  transportClosed(): void
}

/**
 * A connected TCP or Unix socket, or TLS over one. Reading starts with `resume()`. Strings are written as
 * latin1. No event is emitted inside a call of `write`, `end`, `close` or `reset`. It closes when both
 * directions have ended.
 */
export interface Transport {
  /** Bytes received from the peer. */
  readonly bytesRead: number
  /** Bytes written, pending ones included. */
  readonly bytesWritten: number
  /** Bytes written that the kernel has not taken. */
  readonly pendingBytes: number
  /** Closed, or about to emit `closed`. Writes have no effect. */
  readonly isClosed: boolean
  /** Our side has ended: `end` was called. */
  readonly isEnded: boolean
  /** The peer has sent its FIN. */
  readonly hasPeerEnded: boolean
  readonly isPaused: boolean
  /** Whether a reset can tell the peer that something is incomplete: true for TCP without TLS. */
  readonly canReset: boolean
  /** Address and port of the peer; '' and 0 if unknown or without one. */
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  owner: TransportOwner
  /** Null if there is no keeper. */
  keeper: TransportKeeper | null
  resume(): void
  pause(): void
  /** The next bytes are read into this buffer (null: the shared one), as if `received` had returned it. */
  readInto(buffer: Buffer | null): void
  /**
   * Writes one piece. The transport keeps a buffer that the kernel did not take at once, so its owner must not
   * change it before `drained`. Returns false if more than 64 KiB are pending, or if the transport is closed or
   * ended. `drained` follows whenever bytes are pending.
   */
  write(piece: string | Uint8Array): boolean
  /** Writes two pieces in one system call. */
  writeTwo(first: string | Uint8Array, second: string | Uint8Array): boolean
  /** Sends FIN after the pending bytes. Reading goes on. */
  end(): void
  /** Closes both directions; pending bytes are lost. */
  close(): void
  /** Closes with a reset (RFC 9112 9.8), or as `close` if `canReset` is false. */
  reset(): void
  /** Sends small writes at once instead of waiting for acknowledgements (TCP_NODELAY). Further calls cost nothing. */
  setNoDelay(): void
  /** Lets the kernel probe an idle peer (SO_KEEPALIVE). Further calls cost nothing. */
  setKeepAlive(): void
}

/** More pending bytes than this stop the writer. */
export const highWaterBytes = 64 * 1024
