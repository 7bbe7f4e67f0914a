/**
 * An HTTP/2 server that never listens: it is given sockets that have negotiated HTTP/2. Loaded with the first
 * of them.
 */
import type { Socket } from 'node:net'
import { Backlog } from './backlog.ts'
import type { H2Response } from './message.ts'
import type { H2Request } from './request.ts'
import { type H2Limits, type H2Owner, H2Session } from './session.ts'

export interface H2Options<C> extends H2Limits {
  /**
   * Maximum concurrent streams over all connections; further ones are reset with REFUSED_STREAM, which allows
   * a retry.
   */
  readonly maxStreams: number
  /** Maximum bytes that all connections together may hold for their clients. */
  readonly maxBacklogBytes: number
  /** `connection` is what `accept` was given with the socket. */
  readonly onRequest: (connection: C, req: H2Request, res: H2Response) => void
  readonly onCutOff: (connection: C, reason: string) => void
}

export class H2Server<C> {
  readonly limits: H2Limits
  readonly backlog: Backlog
  readonly #options: H2Options<C>
  readonly #sessions = new Map<Socket, H2Session>()
  #streams = 0
  #onEmpty: (() => void) | null = null

  constructor(options: H2Options<C>) {
    this.limits = options
    this.backlog = new Backlog(options.maxBacklogBytes)
    this.#options = options
  }

  accept(socket: Socket, connection: C): H2Session {
    const session = new H2Session(socket, this.#ownerOf(connection))
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

  #ownerOf(connection: C): H2Owner {
    const { limits, backlog } = this
    const { onRequest, onCutOff, maxStreams } = this.#options
    return {
      limits,
      backlog,
      enterStream: () => {
        if (this.#streams >= maxStreams) return false
        this.#streams += 1
        return true
      },
      leaveStream: () => {
        this.#streams -= 1
      },
      request: (req, res) => onRequest(connection, req, res),
      cutOff: (reason) => onCutOff(connection, reason),
    }
  }
}
