/** One attempt to connect to one address, on a bare handle. */
import { HandleTransport } from '../transport/handle-transport.ts'
import type { ConnectUser, SocketName, StreamHandle } from '../transport/handle-types.ts'
import { closeHandle, connectHandle } from '../transport/handles.ts'
import { connectError } from '../transport/system-error.ts'

export interface AttemptOwner {
  attemptDone(attempt: TcpAttempt, error: Error | null): void
}

export class TcpAttempt implements ConnectUser {
  readonly #owner: AttemptOwner
  readonly #address: string
  readonly #port: number
  /** Null before the start, and when it is over. */
  #handle: StreamHandle | null = null

  constructor(owner: AttemptOwner, address: string, port: number) {
    this.#owner = owner
    this.#address = address
    this.#port = port
  }

  /** Returns the error of an attempt that fails at once; its owner does not hear of it. */
  start(): Error | null {
    const handle = connectHandle(this, this.#address, this.#port)
    if (typeof handle === 'number') return connectError(handle, this.#address, this.#port)
    this.#handle = handle
    return null
  }

  /** Closes the connection. */
  stop(): void {
    if (this.#handle === null) return
    closeHandle(this.#handle)
    this.#handle = null
  }

  /** The transport of the established connection, which is the caller's from now on. */
  take(): HandleTransport {
    const handle = this.#handle as StreamHandle
    this.#handle = null
    return new HandleTransport(handle, null, [], this.#peer())
  }

  connectDone(status: number): void {
    if (this.#handle === null) return
    if (status === 0) this.#owner.attemptDone(this, null)
    else {
      this.stop()
      this.#owner.attemptDone(this, connectError(status, this.#address, this.#port))
    }
  }

  /**
   * An IPv4 address has one spelling, and names the peer unless it means any address of this machine. Null: the
   * system must be asked.
   */
  #peer(): SocketName | null {
    const address = this.#address
    return address.includes(':') || address.startsWith('0.') ? null : { address, port: this.#port }
  }
}
