/**
 * An HTTP/2 server that never listens: it is given sockets that have negotiated HTTP/2. Loaded with the first
 * of them.
 */
import type { Socket } from 'node:net'
import { Backlog } from './backlog.ts'
import type { H2Response } from './message.ts'
import type { H2Request } from './request.ts'
import { type H2Limits, type H2Owner, H2Session } from './session.ts'

export interface H2Options extends H2Limits {
  /**
   * Maximum concurrent streams over all connections; further ones are reset with REFUSED_STREAM, which allows
   * a retry.
   */
  readonly maxStreams: number
  /** Maximum bytes that all connections together may hold for their clients. */
  readonly maxBacklogBytes: number
  readonly onRequest: (req: H2Request, res: H2Response) => void
  readonly onCutOff: (socket: Socket, reason: string) => void
}

export class H2Server implements H2Owner {
  readonly limits: H2Limits
  readonly backlog: Backlog
  readonly #options: H2Options
  readonly #sessions = new Map<Socket, H2Session>()
  #streams = 0
  #onEmpty: (() => void) | null = null

  constructor(options: H2Options) {
    this.limits = options
    this.backlog = new Backlog(options.maxBacklogBytes)
    this.#options = options
  }

  accept(socket: Socket): H2Session {
    const session = new H2Session(socket, this)
    this.#sessions.set(socket, session)
    socket.once('close', () => {
      this.#sessions.delete(socket)
      if (this.#sessions.size === 0) this.#onEmpty?.()
    })
    return session
  }

  /** Ends each connection after its running exchanges. */
  retire(): void {
    for (const session of this.#sessions.values()) session.retire()
  }

  /** Ends everything now; resolves once every socket is closed. */
  async close(): Promise<void> {
    for (const socket of this.#sessions.keys()) socket.destroy()
    if (this.#sessions.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  enterStream(): boolean {
    if (this.#streams >= this.#options.maxStreams) return false
    this.#streams += 1
    return true
  }

  leaveStream(): void {
    this.#streams -= 1
  }

  request(req: H2Request, res: H2Response): void {
    this.#options.onRequest(req, res)
  }

  cutOff(socket: Socket, reason: string): void {
    this.#options.onCutOff(socket, reason)
  }
}
