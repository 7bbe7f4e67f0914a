/** Opens TCP connections to upstreams. */
import { connect, type OnReadOpts, Socket } from 'node:net'
import { BifrostError } from '../../errors.ts'
import { failureCode } from '../failure.ts'
import { type Gate, guardedLookup, refusePeer } from './gate.ts'

export interface DialTarget {
  readonly host: string
  readonly port: number
  /** Longest wait, name resolution included, in milliseconds. */
  readonly timeoutMs: number
  /** Checks the destination; null if the operator chose the target. */
  readonly gate: Gate | null
  /** Reads into the caller's buffer instead of emitting 'data' (see net.connect). */
  readonly onread?: OnReadOpts
}

/**
 * Opens a TCP connection, trying the addresses of a name in turn (RFC 8305). `done` runs once,
 * asynchronously, with the socket or with UPSTREAM_REFUSED, UPSTREAM_UNRESOLVED, UPSTREAM_CONNECT_TIMEOUT or
 * the gate's error. Destroy the returned socket to give up; `done` is then not called.
 */
export function dial(target: DialTarget, done: (error: BifrostError | null, socket: Socket) => void): Socket {
  const { host, port, timeoutMs, gate } = target
  const refusal = gate?.refuseTarget(host, port) ?? null
  const socket = refusal === null ? open(target) : new Socket().destroy(refusal)
  const timer = setTimeout(
    () =>
      fail(
        new BifrostError(
          'UPSTREAM_CONNECT_TIMEOUT',
          `no connection to ${host}:${port} within ${timeoutMs} ms`,
        ),
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
  socket.on('error', (cause) => {
    const what = `connection to ${host}:${port} failed`
    fail(cause instanceof BifrostError ? cause : new BifrostError(failureCode(cause), what, { cause }))
  })
  socket.once('close', settle)
  socket.once('connect', () => {
    const refused = gate === null ? null : refusePeer(gate, host, port, socket)
    if (refused !== null) fail(refused)
    else if (settle()) done(null, socket)
  })
  return socket
}

function open({ host, port, gate, onread }: DialTarget): Socket {
  return connect({
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    ...(gate === null ? {} : { lookup: guardedLookup(gate, port) }),
    ...(onread === undefined ? {} : { onread }),
  })
}
