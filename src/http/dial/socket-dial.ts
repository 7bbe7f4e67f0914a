/** Opens connections to upstreams as Node sockets: TCP, and TLS over it. */
import { connect, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { BifrostError } from '../../errors.ts'
import type { CoarseClock, Timed } from '../clock.ts'
import { failureCode } from '../failure.ts'
import { keepAliveSecs } from '../transport/unowned.ts'
import { guardedLookup, refusePeer } from './gate.ts'
import { type Dialling, type DialTarget, threadClock } from './target.ts'
import { type TlsTarget, tlsOptions } from './tls-target.ts'

/** As `dial`, with Node's socket: for TLS, and for packages that need one. */
export function openSocket(target: DialTarget, done: SocketDone): Dialling {
  return new SocketDial(target, done)
}

type SocketDone = (error: BifrostError | null, socket: Socket | TLSSocket | null) => void

class SocketDial implements Dialling, Timed {
  /** For the clock only. */
  place = -1
  readonly #target: DialTarget
  readonly #clock: CoarseClock
  readonly #startedAt: number
  /** Null when it is over. */
  #done: SocketDone | null
  #socket: Socket | null = null
  /** Forgets the offered TLS session if the dial fails. */
  #offered: string | null = null

  constructor(target: DialTarget, done: SocketDone) {
    this.#target = target
    this.#done = done
    this.#clock = target.clock ?? threadClock
    this.#startedAt = this.#clock.tick
    this.#clock.add(this)
    const { host, port, gate } = target
    const refusal = gate?.refuseTarget(host, port) ?? null
    if (refusal === null) this.#connect()
    else process.nextTick(this.#fail, refusal)
  }

  giveUp(): void {
    this.#end()
    this.#socket?.destroy()
  }

  look(): void {
    const { host, port, timeoutMs } = this.#target
    if (!this.#clock.isOver(this.#startedAt, timeoutMs)) return
    const text = `no connection to ${host}:${port} within ${timeoutMs} ms`
    this.#fail(new BifrostError('UPSTREAM_CONNECT_TIMEOUT', text))
  }

  #connect(): void {
    const { host, port, gate } = this.#target
    const socket = connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveSecs * 1000,
      ...(gate === null ? {} : { lookup: guardedLookup(gate, port) }),
    })
    this.#socket = socket
    socket.on('error', this.#fail)
    socket.on('close', this.#closed)
    socket.once('connect', this.#connected)
  }

  readonly #connected = (): void => {
    const { host, port, gate, tls } = this.#target
    const socket = this.#socket as Socket
    const refused = gate === null ? null : refusePeer(gate, host, port, socket)
    if (refused !== null) this.#fail(refused)
    else if (tls === undefined) this.#succeed(socket)
    else this.#startTls(socket, tls)
  }

  #startTls(tcp: Socket, tls: TlsTarget): void {
    const { host, port } = this.#target
    const options = tlsOptions(host, tls)
    const { sessions } = tls
    const origin = `${options.host}:${port}`
    const session = sessions?.get(origin)
    if (session !== undefined) this.#offered = origin
    const secure = tlsConnect({ ...options, socket: tcp, ...(session === undefined ? {} : { session }) })
    this.#socket = secure
    secure.on('error', this.#fail)
    secure.on('close', this.#closed)
    secure.once('secureConnect', () => this.#succeed(secure))
    if (sessions === undefined) return
    // Only sessions of a verified upstream are resumed, as the name is not checked again.
    secure.on('session', (fresh: Buffer) => {
      if (secure.authorized) sessions.set(origin, fresh)
    })
  }

  #succeed(socket: Socket): void {
    const done = this.#end()
    // The TCP socket below TLS keeps its listeners, as an error without one would be thrown.
    socket.off('error', this.#fail)
    socket.off('close', this.#closed)
    done?.(null, socket)
  }

  readonly #fail = (cause: Error): void => {
    const done = this.#end()
    if (done === null) return
    this.#socket?.destroy()
    const { host, port, tls } = this.#target
    if (this.#offered !== null) tls?.sessions?.delete(this.#offered)
    const text = `connection to ${host}:${port} failed`
    done(cause instanceof BifrostError ? cause : new BifrostError(failureCode(cause), text, { cause }), null)
  }

  readonly #closed = (): void => {
    if (this.#done !== null) this.#fail(new BifrostError('UPSTREAM_BROKEN', 'the connection was closed'))
  }

  #end(): SocketDone | null {
    const done = this.#done
    this.#done = null
    this.#clock.delete(this)
    return done
  }
}
