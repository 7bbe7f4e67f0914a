/**
 * The only module that uses private API of Node: the libuv handles below sockets and servers. bindings.ts checks at
 * start that everything is where it is expected; if not, `use.handles` is false and the callers use public API.
 */
import type { Server } from 'node:net'
import { Socket } from 'node:net'
import {
  errnoOf,
  nodeBindings,
  probeHandles,
  type StreamBinding,
  streamMethods,
  type TcpBinding,
} from './bindings.ts'
import type {
  ConnectRequest,
  ConnectUser,
  HandleUser,
  ShutdownRequest,
  SocketName,
  StreamHandle,
  WriteRequest,
  WriteUser,
} from './handle-types.ts'

/** The result of a shutdown whose peer has gone. */
export const notConnected = errnoOf('ENOTCONN')
const invalid = errnoOf('EINVAL')

const found = probeHandles(nodeBindings)
const stream = found?.stream ?? null

/** Whether handles are used; otherwise public API is. Only tests of the fallback change it. */
export const use = { handles: stream !== null }

const binding = stream as StreamBinding
const tcp = found?.tcp as TcpBinding
const state = stream?.streamBaseState ?? new Int32Array(1)
const readAt = stream?.kReadBytesOrError ?? 0
const asyncAt = stream?.kLastWriteWasAsync ?? 0

type Handled = { readonly _handle?: unknown }

/** The handle of a connected socket; null if it cannot be used. */
export function handleOf(socket: Socket): StreamHandle | null {
  if (!use.handles || socket.destroyed || socket.connecting) return null
  const handle = (socket as Handled)._handle as StreamHandle | null | undefined
  if (handle === null || typeof handle !== 'object') return null
  return streamMethods.every((name) => typeof handle[name] === 'function') ? handle : null
}

/** The descriptor of a socket; -1 if unknown. */
export function fdOfSocket(socket: object): number {
  if (!use.handles) return -1
  const fd = ((socket as Handled)._handle as { readonly fd?: unknown } | null | undefined)?.fd
  return typeof fd === 'number' ? fd : -1
}

/** The socket below a TLS socket that Node's TLS server has made; undefined if Node does not tell. */
export const socketBelow = (secure: Socket): Socket | undefined =>
  (secure as { readonly _parent?: Socket })._parent

interface ListeningHandle {
  onconnection: unknown
}

/**
 * Gives every connection of a listening server to `accept` as a bare handle, and the errno of a failed accept to
 * `fail`. Does nothing if that is not possible. Returns a function that undoes it.
 */
export function takeConnections(
  server: Server,
  accept: (handle: StreamHandle) => void,
  fail: (errno: number) => void,
): () => void {
  const listening = (server as Handled)._handle as ListeningHandle | null | undefined
  if (!use.handles || typeof listening?.onconnection !== 'function') return () => {}
  const before = listening.onconnection
  listening.onconnection = (errno: number, handle: StreamHandle | undefined): void => {
    if (errno !== 0 || handle === undefined) fail(errno)
    else accept(handle)
  }
  return () => {
    listening.onconnection = before
  }
}

/** A socket around a bare handle, which reads nothing. */
export const socketOn = (handle: StreamHandle): Socket =>
  new Socket({ handle, allowHalfOpen: true, pauseOnCreate: true } as never)

/** Sends the events of the handle to `user`. */
export function attach(handle: StreamHandle, user: HandleUser): void {
  handle.bifrostUser = user
  handle.onread = onRead
}

// The functions below are shared by all handles, so that no connection needs closures.
function onRead(this: StreamHandle): Buffer | undefined {
  return this.bifrostUser?.readDone(state[readAt] as number)
}

function onClosed(this: StreamHandle): void {
  this.bifrostUser?.handleClosed()
}

function onWritten(this: WriteRequest, status: number): void {
  const { handle, bytes } = this
  this.handle = null
  this.buffer = null
  handle?.writeDone(bytes, status)
}

function onShutdown(this: ShutdownRequest, status: number): void {
  const { handle } = this
  this.handle = null
  handle?.shutdownDone(status)
}

/** Node does not touch the request of a write that the kernel took at once, so one serves them all. */
let spare: WriteRequest | null = null

function requestFor(user: WriteUser, bytes: number): WriteRequest {
  let request = spare
  if (request === null) {
    request = new binding.WriteWrap()
    request.oncomplete = onWritten
  }
  spare = null
  request.handle = user
  request.bytes = bytes
  return request
}

/** A write that is not over: `writeDone` follows. */
export const pending = 1

/** Keeps what a pending write needs: Node copies strings, but not buffers. */
function started(request: WriteRequest, status: number, kept: unknown): number {
  if (status !== 0) return status
  if (state[asyncAt] !== 0) {
    request.buffer = kept
    return pending
  }
  request.handle = null
  spare = request
  return 0
}

/** Writes a latin1 string or bytes. Returns 0 if the kernel has taken all, `pending`, or a negative errno. */
export function writeOne(
  handle: StreamHandle,
  user: WriteUser,
  piece: string | Uint8Array,
  bytes: number,
): number {
  const request = requestFor(user, bytes)
  if (typeof piece === 'string') return started(request, handle.writeLatin1String(request, piece), null)
  return started(request, handle.writeBuffer(request, piece), piece)
}

/** Like `writeOne`, for two pieces in one system call. */
export function writeBoth(
  handle: StreamHandle,
  user: WriteUser,
  first: string | Uint8Array,
  second: string | Uint8Array,
  bytes: number,
): number {
  if (typeof first === 'string' && typeof second === 'string')
    return writeOne(handle, user, first + second, bytes)
  const request = requestFor(user, bytes)
  const areBuffers = typeof first !== 'string' && typeof second !== 'string'
  const chunks = areBuffers ? [first, second] : [first, encodingOf(first), second, encodingOf(second)]
  return started(request, handle.writev(request, chunks, areBuffers), chunks)
}

/** Like `writeOne`, for any number of pieces. */
export function writeMany(
  handle: StreamHandle,
  user: WriteUser,
  pieces: readonly (string | Uint8Array)[],
  bytes: number,
): number {
  const request = requestFor(user, bytes)
  const areBuffers = pieces.every((piece) => typeof piece !== 'string')
  const chunks = areBuffers ? pieces : pieces.flatMap((piece) => [piece, encodingOf(piece)])
  return started(request, handle.writev(request, chunks, areBuffers), chunks)
}

const encodingOf = (piece: string | Uint8Array): string => (typeof piece === 'string' ? 'latin1' : 'buffer')

/** Sends FIN. `shutdownDone` follows, unless the result is not 0. */
export function shutDown(handle: StreamHandle, user: WriteUser): number {
  const request = new binding.ShutdownWrap()
  request.oncomplete = onShutdown
  request.handle = user
  return handle.shutdown(request)
}

/** Closes the handle; `handleClosed` follows. */
export function closeHandle(handle: StreamHandle): void {
  handle.close(onClosed)
}

/** Closes a TCP handle with a reset; `handleClosed` follows. Not while a shutdown is pending. */
export function resetHandle(handle: StreamHandle): void {
  // After a failure Node does nothing more with the handle, not even close it.
  if (handle.reset?.(onClosed) !== 0) setImmediate(() => handle.bifrostUser?.handleClosed())
}

/** Address and port of the peer; empty if the peer has left, and for Unix sockets. */
export function peerName(handle: StreamHandle): SocketName {
  const name: SocketName = {}
  handle.getpeername?.(name)
  return name
}

export function ownName(handle: StreamHandle): SocketName {
  const name: SocketName = {}
  handle.getsockname?.(name)
  return name
}

/**
 * Opens a connection to an IP address. `connectDone` follows, with the handle, unless the result is a negative
 * errno.
 */
export function connectHandle(user: ConnectUser, address: string, port: number): StreamHandle | number {
  // Node aborts the process if the port is not a number of 32 bits.
  if ((port & 0xffff) !== port) return invalid
  const handle = new tcp.TCP(tcp.kind)
  const request = new tcp.TCPConnectWrap()
  request.oncomplete = onConnected
  request.user = user
  const status = address.includes(':')
    ? handle.connect6?.(request, address, port)
    : handle.connect?.(request, address, port)
  if (status === 0) return handle
  closeHandle(handle)
  return status ?? invalid
}

function onConnected(this: ConnectRequest, status: number): void {
  this.user.connectDone(status)
}
