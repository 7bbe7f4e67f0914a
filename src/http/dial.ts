import { connect, type OnReadOpts, type Socket } from 'node:net'
import { BifrostError } from '../errors.ts'
import { failureCode } from './failure.ts'

export interface DialTarget {
  readonly host: string
  readonly port: number
  /** Longest wait, name resolution included, in milliseconds. */
  readonly timeoutMs: number
  /** Reads into a buffer of the caller's, in place of 'data' (see net.connect). */
  readonly onread?: OnReadOpts
}

/**
 * Opens a TCP connection, trying the addresses of a name in turn (RFC 8305). `done` runs once, with the socket or with
 * UPSTREAM_REFUSED, UPSTREAM_UNRESOLVED or UPSTREAM_CONNECT_TIMEOUT. Destroying the returned socket gives up without `done`.
 */
export function dial(target: DialTarget, done: (error: BifrostError | null, socket: Socket) => void): Socket {
  const { host, port, timeoutMs, onread } = target
  const socket = connect({
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    ...(onread === undefined ? {} : { onread }),
  })
  const timer = setTimeout(
    () =>
      fail(
        new BifrostError('UPSTREAM_CONNECT_TIMEOUT', `no connection to ${host}:${port} in ${timeoutMs} ms`),
      ),
    timeoutMs,
  )
  let isSettled = false
  const settle = (): boolean => {
    clearTimeout(timer)
    if (isSettled) return false
    isSettled = true
    return true
  }
  const fail = (error: BifrostError): void => {
    if (!settle()) return
    socket.destroy()
    done(error, socket)
  }
  socket.on('error', (cause) =>
    fail(new BifrostError(failureCode(cause), `connection to ${host}:${port} failed`, { cause })),
  )
  socket.once('close', settle)
  socket.once('connect', () => {
    if (settle()) done(null, socket)
  })
  return socket
}
