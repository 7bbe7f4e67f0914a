/**
 * Opens plain TCP connections on bare handles, without Node sockets.
 *
 *   resolving --addresses--> connecting: one attempt, a further one 250 ms later or when one fails --> done
 *
 * RFC 8305: the first attempt that succeeds wins, and the others are closed.
 */
import { isIP } from 'node:net'
import { BifrostError } from '../../errors.ts'
import type { CoarseClock, Timed } from '../clock.ts'
import { failureCode, systemCode } from '../failure.ts'
import type { Transport } from '../transport/transport.ts'
import { resolve } from './addresses.ts'
import { refusePeer } from './gate.ts'
import { type Dialling, type DialTarget, threadClock } from './target.ts'
import { type AttemptOwner, TcpAttempt } from './tcp-attempt.ts'

export type DialDone = (error: BifrostError | null, transport: Transport | null) => void

/** Connection Attempt Delay (RFC 8305 5). */
const attemptDelayMs = 250

export class TcpDial implements Dialling, Timed, AttemptOwner {
  /** For the clock only. */
  place = -1
  readonly #target: DialTarget
  readonly #clock: CoarseClock
  readonly #startedAt: number
  /** Null when it is over. */
  #done: DialDone | null
  /** Addresses that were not tried yet, the next one last. */
  #untried: string[] = []
  readonly #running: TcpAttempt[] = []
  readonly #errors: Error[] = []
  /** Starts the next attempt; null if there is no further address. */
  #timer: NodeJS.Timeout | null = null

  constructor(target: DialTarget, done: DialDone) {
    const { host, port, gate, clock = threadClock } = target
    this.#target = target
    this.#done = done
    this.#clock = clock
    this.#startedAt = clock.tick
    clock.add(this)
    const refusal = gate?.refuseTarget(host, port) ?? null
    if (refusal !== null) this.#failLater(refusal)
    else if (isIP(host) !== 0) this.#resolved(null, [host])
    else resolve(host, port, gate, (error, addresses) => this.#resolved(error, addresses))
  }

  giveUp(): void {
    this.#end()
  }

  look(): void {
    const { host, port, timeoutMs } = this.#target
    if (!this.#clock.isOver(this.#startedAt, timeoutMs)) return
    const text = `no connection to ${host}:${port} within ${timeoutMs} ms`
    this.#fail(new BifrostError('UPSTREAM_CONNECT_TIMEOUT', text))
  }

  attemptDone(attempt: TcpAttempt, error: Error | null): void {
    this.#running.splice(this.#running.indexOf(attempt), 1)
    if (error === null) this.#succeed(attempt.take())
    else {
      this.#errors.push(error)
      this.#tryNext()
    }
  }

  #resolved(error: Error | null, addresses: readonly string[]): void {
    if (this.#done === null) return
    if (error !== null) {
      this.#failLater(error)
      return
    }
    this.#untried = addresses.toReversed()
    this.#tryNext()
  }

  /** Starts the next attempt that does not fail at once. */
  #tryNext(): void {
    this.#stopTimer()
    let address = this.#untried.pop()
    while (address !== undefined && !this.#attempt(address)) address = this.#untried.pop()
    if (address === undefined) {
      if (this.#running.length === 0) this.#failLater(allFailed(this.#errors))
    } else if (this.#untried.length > 0) this.#timer = setTimeout(() => this.#tryNext(), attemptDelayMs)
  }

  /** Returns false if the attempt failed at once. */
  #attempt(address: string): boolean {
    const attempt = new TcpAttempt(this, address, this.#target.port)
    const error = attempt.start()
    if (error === null) this.#running.push(attempt)
    else this.#errors.push(error)
    return error === null
  }

  #succeed(transport: Transport): void {
    const { host, port, gate } = this.#target
    const refusal = gate === null ? null : refusePeer(gate, host, port, transport)
    if (refusal === null) this.#end()?.(null, transport)
    else {
      transport.close()
      this.#fail(refusal)
    }
  }

  /** `done` must not run within the call of `dial`. */
  #failLater(error: Error): void {
    process.nextTick(() => this.#fail(error))
  }

  #fail(cause: Error): void {
    const { host, port } = this.#target
    const text = `connection to ${host}:${port} failed`
    const error =
      cause instanceof BifrostError ? cause : new BifrostError(failureCode(cause), text, { cause })
    this.#end()?.(error, null)
  }

  #end(): DialDone | null {
    const done = this.#done
    this.#done = null
    this.#clock.delete(this)
    this.#stopTimer()
    for (const attempt of this.#running) attempt.stop()
    return done
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** The first failure counts, as the first address is the preferred one. */
function allFailed(errors: readonly Error[]): Error {
  const [first] = errors
  if (first !== undefined && errors.length === 1) return first
  const text = errors.map(({ message }) => message).join('; ')
  return Object.assign(new AggregateError(errors, text), { code: systemCode(first) })
}
