/**
 * Main's queue of messages and handles to a process. Node passes one handle at a time and silently drops its own queue when the
 * process ends. So the queue is here, and main keeps its copy of a handle until the process confirms that it has its own:
 *
 *   server:  main goes on accepting and sends these sockets after it ... taken -> main's copy is closed
 *   socket:  main holds it unread                                    ... taken -> main's copy is closed
 *
 * Closing a copy sends nothing to the client. Handles that were not taken when the process ends go back to main's listeners.
 */

import type { Server, Socket } from 'node:net'
import type { ToInstance } from './channel.ts'
import type { ToProcess } from './process-wire.ts'

interface Parcel {
  readonly message: ToProcess
  readonly handle?: Server | Socket
}

export interface Leftovers {
  readonly servers: readonly { readonly key: string; readonly server: Server }[]
  readonly sockets: readonly { readonly key: string; readonly socket: Socket }[]
}

export type SendParcel = (message: ToProcess, handle?: Server | Socket) => void

/** With more than this on their way to an instance that does not take them, the rest waits in the kernel's queue. */
const maxLate = 1024

export class Outbox {
  readonly #send: SendParcel
  readonly #queue: Parcel[] = []
  #inFlight: Parcel | null = null
  #isClosed = false

  constructor(send: SendParcel) {
    this.#send = send
  }

  post(message: ToInstance): void {
    if (message.type !== 'listener.take') {
      this.#push({ message })
      return
    }
    const { key, server, held } = message
    server.on('connection', (socket: Socket) => {
      this.#pushSocket(key, socket)
      if (this.#queue.length > maxLate) server.close()
    })
    this.#push({ message: { type: 'handle.server', key }, handle: server })
    for (const socket of held) this.#pushSocket(key, socket)
  }

  /** The process has the handle that was sent last. */
  taken(): void {
    const handle = this.#inFlight?.handle
    this.#inFlight = null
    if (handle !== undefined) closeCopy(handle)
    this.#next()
  }

  /** The process has ended: returns the handles that it never got. */
  close(): Leftovers {
    this.#isClosed = true
    const parcels = [...(this.#inFlight === null ? [] : [this.#inFlight]), ...this.#queue]
    this.#inFlight = null
    this.#queue.length = 0
    const servers: { key: string; server: Server }[] = []
    const sockets: { key: string; socket: Socket }[] = []
    for (const { message, handle } of parcels) {
      if (message.type === 'handle.server') {
        const server = handle as Server
        server.removeAllListeners('connection')
        if (server.listening) servers.push({ key: message.key, server })
      } else if (message.type === 'handle.socket') {
        const socket = handle as Socket
        socket.removeAllListeners('error')
        if (!socket.destroyed) sockets.push({ key: message.key, socket })
      }
    }
    return { servers, sockets }
  }

  #pushSocket(key: string, socket: Socket): void {
    socket.on('error', () => {})
    // Stops Node from tracking a server's sockets in the other process, which is not needed.
    Object.assign(socket, { server: null })
    this.#push({ message: { type: 'handle.socket', key }, handle: socket })
  }

  #push(parcel: Parcel): void {
    if (this.#isClosed) {
      if (parcel.handle !== undefined) closeCopy(parcel.handle)
      return
    }
    this.#queue.push(parcel)
    this.#next()
  }

  #next(): void {
    while (this.#inFlight === null) {
      const parcel = this.#queue.shift()
      if (parcel === undefined) return
      const { message, handle } = parcel
      if (message.type === 'handle.socket' && (handle as Socket).destroyed) continue
      if (handle !== undefined) this.#inFlight = parcel
      this.#send(message, handle)
    }
  }
}

function closeCopy(handle: Server | Socket): void {
  if ('listening' in handle) handle.close()
  else handle.destroy()
}
