/** The part of Node's stream handles that the transports use, as types. */

/** A TCP, Pipe or TLSWrap object of Node. Its methods return 0 or a negative errno. */
export interface StreamHandle {
  readonly fd: number
  onread: unknown
  /** Bytes that the kernel has not taken; 0 once it is closed. */
  readonly writeQueueSize?: number
  /** Set by `attach`; not part of Node. */
  bifrostUser?: HandleUser
  readStart(): number
  readStop(): number
  useUserBuffer(buffer: Buffer): void
  writeLatin1String(request: WriteRequest, text: string): number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writev(request: WriteRequest, chunks: readonly unknown[], areBuffers: boolean): number
  shutdown(request: ShutdownRequest): number
  close(done: () => void): void
  /** TCP only. */
  connect?(request: ConnectRequest, address: string, port: number): number
  connect6?(request: ConnectRequest, address: string, port: number): number
  reset?(done: () => void): number
  getpeername?(into: SocketName): number
  getsockname?(into: SocketName): number
  setNoDelay?(isOn: boolean): number
  setKeepAlive?(isOn: boolean, afterSecs: number): number
}

export interface SocketName {
  address?: string
  port?: number
}

export interface WriteRequest {
  oncomplete: unknown
  handle: WriteUser | null
  bytes: number
  buffer: unknown
}

export interface ShutdownRequest {
  oncomplete: unknown
  handle: WriteUser | null
}

export interface ConnectRequest {
  oncomplete: unknown
  user: ConnectUser
}

/** Receives the end of a connection attempt, also of one whose handle was closed before. */
export interface ConnectUser {
  /** 0 or a negative errno. */
  connectDone(status: number): void
}

/** Receives what a handle reads, and its end. */
export interface HandleUser {
  /** A positive number of bytes in the current buffer, 0, or a negative errno. Returns the next buffer, if it changes. */
  readDone(count: number): Buffer | undefined
  handleClosed(): void
}

/** Receives the ends of writes that were pending. */
export interface WriteUser {
  writeDone(bytes: number, status: number): void
  shutdownDone(status: number): void
}
