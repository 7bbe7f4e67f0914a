/** Finds the classes of Node's native bindings that handles.ts uses, and checks that they are as expected. */
import { getSystemErrorMap } from 'node:util'
import type { ConnectRequest, ShutdownRequest, StreamHandle, WriteRequest } from './handle-types.ts'

export interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

/** What opens a TCP connection. */
export interface TcpBinding {
  readonly TCP: HandleClass
  readonly TCPConnectWrap: new () => ConnectRequest
  /** The kind of handle that connects, as opposed to one that listens. */
  readonly kind: unknown
}

/** The parts of Node's native bindings that the probe looks at. */
export interface Bindings {
  readonly stream_wrap: Partial<StreamBinding>
  readonly tcp_wrap: {
    readonly TCP?: unknown
    readonly TCPConnectWrap?: unknown
    readonly constants?: { readonly SOCKET?: unknown }
  }
  readonly pipe_wrap: { readonly Pipe?: unknown }
}

export const streamMethods = [
  'readStart',
  'readStop',
  'useUserBuffer',
  'writeLatin1String',
  'writeBuffer',
  'writev',
  'shutdown',
  'close',
] as const
const tcpMethods = [
  'connect',
  'connect6',
  'reset',
  'getpeername',
  'getsockname',
  'setNoDelay',
  'setKeepAlive',
] as const

/**
 * The classes of the bindings, if everything that handles.ts uses exists, and both a write on an unconnected handle
 * and a connection to no address fail as expected; otherwise null. Never throws.
 */
export function probeHandles(
  read: () => Bindings,
): { readonly stream: StreamBinding; readonly tcp: TcpBinding } | null {
  try {
    const { stream_wrap: stream, tcp_wrap: tcp, pipe_wrap: pipe } = read()
    if (!isStreamBinding(stream)) return null
    if (!hasAll(tcp.TCP, [...streamMethods, ...tcpMethods]) || !hasAll(pipe.Pipe, streamMethods)) return null
    if (endOfFile === 0) return null
    const { TCP, TCPConnectWrap } = tcp
    if (typeof TCPConnectWrap !== 'function') return null
    const kind = tcp.constants?.SOCKET
    const found = { TCP, TCPConnectWrap: TCPConnectWrap as TcpBinding['TCPConnectWrap'], kind }
    return refusesUse(stream, found) ? { stream, tcp: found } : null
  } catch {
    return null
  }
}

function isStreamBinding(stream: Partial<StreamBinding>): stream is StreamBinding {
  const { WriteWrap, ShutdownWrap, streamBaseState: state, kReadBytesOrError, kLastWriteWasAsync } = stream
  if (typeof WriteWrap !== 'function' || typeof ShutdownWrap !== 'function') return false
  if (!(state instanceof Int32Array)) return false
  return (
    typeof state[kReadBytesOrError ?? -1] === 'number' && typeof state[kLastWriteWasAsync ?? -1] === 'number'
  )
}

type HandleClass = new (type: unknown) => StreamHandle

function hasAll(type: unknown, methods: readonly string[]): type is HandleClass {
  if (typeof type !== 'function') return false
  const { prototype } = type
  return 'onread' in prototype && methods.every((name) => typeof Reflect.get(prototype, name) === 'function')
}

/** A handle without a connection refuses a write, and text that is not an address, with a negative number. */
function refusesUse(stream: StreamBinding, { TCP, TCPConnectWrap, kind }: TcpBinding): boolean {
  const handle = new TCP(kind)
  const status = handle.writeLatin1String(new stream.WriteWrap(), 'x')
  const isAsync = stream.streamBaseState[stream.kLastWriteWasAsync] !== 0
  const connected = handle.connect?.(new TCPConnectWrap(), '', 0)
  handle.close(() => {})
  return isErrno(status) && !isAsync && isErrno(connected)
}

const isErrno = (status: unknown): boolean => typeof status === 'number' && status < 0

export function nodeBindings(): Bindings {
  const { binding } = process as unknown as { binding(name: string): never }
  const { noDeprecation } = process
  // With --pending-deprecation Node warns of DEP0111.
  process.noDeprecation = true
  try {
    return {
      stream_wrap: binding('stream_wrap'),
      tcp_wrap: binding('tcp_wrap'),
      pipe_wrap: binding('pipe_wrap'),
    }
  } finally {
    if (noDeprecation === undefined) delete (process as { noDeprecation?: boolean }).noDeprecation
    else process.noDeprecation = noDeprecation
  }
}

export const errnoOf = (name: string): number => {
  for (const [errno, [found]] of getSystemErrorMap()) if (found === name) return errno
  return 0
}

/** The read result at the peer's FIN. */
export const endOfFile = errnoOf('EOF')
