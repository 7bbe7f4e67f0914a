/** One connection to an `https:` upstream that is offered HTTP/2, through undici's client. */
import { Readable } from 'node:stream'
import type { buildConnector, Client, Dispatcher } from 'undici'
import type { Timed } from '../clock.ts'
import { openSocket } from '../dial/socket-dial.ts'
import type { Dialling } from '../dial/target.ts'
import type { BodySink } from '../message/message.ts'
import type { RequestBody } from '../message/request-body.ts'
import type {
  ConnectionListener,
  OutgoingRequest,
  ResponseSink,
  UpstreamConnection,
} from '../wire/client/contract.ts'
import type { WireOptions } from '../wire/client/options.ts'

type Controller = Dispatcher.DispatchController
type Handler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
>

/**
 * Speaks HTTP/2 if the upstream chooses it (ALPN), and HTTP/1.1 otherwise. Like every upstream connection it
 * carries one exchange at a time. undici is loaded by the first connection, as most services never use it.
 */
export class H2Connection implements UpstreamConnection, Timed, Handler {
  /** Its bytes are undici's. */
  readonly transport = null
  isConnected = false
  /** For the clock only. */
  place = -1
  readonly #options: WireOptions
  readonly #listener: ConnectionListener
  #client: Client | null = null
  #dialling: Dialling | null = null
  #isClosed = false
  #sink: ResponseSink | null = null
  #controller: Controller | null = null
  /** Tick of the end of the last exchange. */
  #freeSince = 0

  constructor(options: WireOptions, listener: ConnectionListener) {
    this.#options = options
    this.#listener = listener
  }

  dispatch(request: OutgoingRequest, sink: ResponseSink): void {
    this.#sink = sink
    if (this.#client === null) void this.#start(request)
    else this.#send(this.#client, request)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(error: Error): void {
    const sink = this.#sink
    this.close()
    sink?.responseFailed(error)
  }

  close(): void {
    this.#sink = null
    this.#isClosed = true
    this.#dialling?.giveUp()
    this.#options.clock.delete(this)
    this.#client?.destroy(null, ignore)
    this.#disconnected()
  }

  look(): void {
    const { clock, idleMs } = this.#options
    if (this.#sink === null && clock.isOver(this.#freeSince, idleMs)) this.close()
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    this.#sink?.requestStarted(null)
  }

  onResponseStart(controller: Controller, status: number, fields: unknown, reason?: string): void {
    // undici decodes the reason of HTTP/1.1 as UTF-8, which loses other bytes.
    const isReadable = reason !== undefined && reason !== '' && !reason.includes('\ufffd')
    const latin1 = isReadable ? Buffer.from(reason).toString('latin1') : undefined
    this.#sink?.responseStarted(status, latin1, flatFields(controller.rawHeaders ?? fields))
    // A head usually arrives together with its first bytes; a head that arrives alone does not wait for them.
    if (status >= 200) process.nextTick(flushSink, this)
  }

  onResponseData(_controller: Controller, piece: Buffer): void {
    this.#sink?.responseData(piece)
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    const sink = this.#sink
    this.#sink = null
    this.#controller = null
    this.#freeSince = this.#options.clock.tick
    sink?.responseEnded(flatFields(controller.rawTrailers ?? trailers))
  }

  onResponseError(_controller: Controller, error: Error): void {
    const sink = this.#sink
    this.close()
    sink?.responseFailed(error)
  }

  static flushSink(connection: H2Connection): void {
    connection.#sink?.flush()
  }

  async #start(request: OutgoingRequest): Promise<void> {
    const { authority, responseMs, clock } = this.#options
    try {
      const undici = await import('undici')
      if (this.#isClosed) return
      const client = new undici.Client(`https://${authority}`, {
        connect: (_options, done) => this.#connect(done),
        pipelining: 1,
        allowH2: true,
        headersTimeout: Math.ceil(responseMs),
        bodyTimeout: Math.ceil(responseMs),
      })
      client.on('disconnect', () => this.#disconnected())
      this.#client = client
      clock.add(this)
      this.#send(client, request)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  #connect(done: buildConnector.Callback): void {
    const { target } = this.#options
    const tls = { ...target.tls, protocols: ['h2', 'http/1.1'] }
    this.#dialling = openSocket({ ...target, tls }, (error, socket) => {
      this.#dialling = null
      if (socket === null) {
        done(error as Error, null)
        return
      }
      this.isConnected = true
      this.#listener.connectionOpened()
      done(null, socket)
    })
  }

  #send(client: Client, { method, path, fields, body }: OutgoingRequest): void {
    // Without it undici would take the server name from the client's Host field, for a new connection.
    const servername = this.#options.target.host
    client.dispatch(
      {
        method: method as Dispatcher.HttpMethod,
        path,
        headers: fields as string[],
        body: body === null ? null : new BodyStream(body),
        servername,
      } as Dispatcher.DispatchOptions,
      this,
    )
  }

  #disconnected(): void {
    if (!this.isConnected) return
    this.isConnected = false
    this.#listener.connectionClosed()
  }
}

const { flushSink } = H2Connection

const ignore = (): void => {}

/** The request body as undici reads it. */
class BodyStream extends Readable implements BodySink {
  readonly #body: RequestBody
  #isStarted = false

  constructor(body: RequestBody) {
    super({ highWaterMark: 64 * 1024 })
    this.#body = body
    // The exchange ends with its client; this only prevents an unhandled 'error'.
    this.on('error', ignore)
  }

  takeBody(piece: Buffer): void {
    if (!this.destroyed && !this.push(piece)) this.#body.pause()
  }

  takeBodyEnd(): void {
    if (!this.destroyed) this.push(null)
  }

  takeBodyFault(): void {
    this.destroy()
  }

  override _read(): void {
    if (this.#isStarted) this.#body.resume()
    else {
      this.#isStarted = true
      this.#body.start(this)
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#body.stop()
    done(error)
  }
}

/** Flat fields, from undici's list of buffers (HTTP/1.1) or its record (HTTP/2), without pseudo-fields. */
function flatFields(received: unknown): string[] {
  if (Array.isArray(received)) return received.map((text: string | Buffer) => text.toString('latin1'))
  const flat: string[] = []
  for (const [name, value] of Object.entries((received ?? {}) as Record<string, string | string[]>)) {
    if (name.startsWith(':')) continue
    for (const one of Array.isArray(value) ? value : [value]) flat.push(name, String(one))
  }
  return flat
}
