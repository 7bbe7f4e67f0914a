/** An HTTP/1.1 client on a raw socket, with one request at a time and little work per request. */
import { connect, type Socket } from 'node:net'

export interface ClientEvents {
  /** The response is complete. */
  readonly answered: (client: KeepAliveClient, status: number) => void
  /** The connection ended or failed; called once. */
  readonly closed: (client: KeepAliveClient) => void
}

const shared = new Uint8Array(256 * 1024)

export class KeepAliveClient {
  readonly #socket: Socket
  readonly #events: ClientEvents
  /** Unread bytes of the response; null while a head is being read. */
  #missing: number | null = null
  #head = ''
  #status = 0
  #isClosed = false
  /** Set by the driver: when the running request was planned or sent, in milliseconds. */
  since = 0
  isBusy = false

  constructor(port: number, events: ClientEvents) {
    this.#events = events
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      // A driver is one thread, and every callback reads the bytes at once: one buffer for all.
      onread: {
        buffer: shared,
        callback: (bytes) => {
          this.#read(bytes)
          return true
        },
      },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      if (this.#isClosed) return
      this.#isClosed = true
      events.closed(this)
    })
  }

  send(request: string, since: number): void {
    this.since = since
    this.isBusy = true
    this.#socket.write(request, 'latin1')
  }

  /** Ends the connection without a further event. */
  destroy(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #read(bytes: number): void {
    if (this.#missing !== null) {
      this.#body(bytes)
      return
    }
    const before = this.#head.length
    this.#head += Buffer.from(shared.buffer, 0, bytes).toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#head
    this.#head = ''
    this.#status = Number(head.slice(9, 12))
    const at = head.search(/\r\ncontent-length:/i)
    this.#missing = at < 0 || at > end ? 0 : Number.parseInt(head.slice(at + 17, end), 10)
    this.#body(bytes - (end + 4 - before))
  }

  #body(bytes: number): void {
    this.#missing = (this.#missing ?? 0) - bytes
    if (this.#missing > 0) return
    this.#missing = null
    this.isBusy = false
    this.#events.answered(this, this.#status)
  }
}
