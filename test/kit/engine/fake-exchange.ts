/** A request and a response of a client without an engine, for tests of what lies behind them. */
import type {
  BodySink,
  BodySource,
  HttpRequest,
  HttpResponse,
  ResponseOwner,
} from '../../../src/http/message/message.ts'
import type { PreparedFields, PreparedResponse } from '../../../src/http/message/prepared.ts'

export class FakeRequest implements HttpRequest {
  readonly method: string
  readonly target = '/'
  version = 11
  readonly fields: readonly string[]
  readonly hasBody: boolean
  isComplete = false
  isReading = false
  receivedBytes = 0
  trailers: readonly string[] = []
  isDiscarded = false
  sink: BodySink | null = null

  constructor(method = 'GET', fields: readonly string[] = [], hasBody = false) {
    this.method = method
    this.fields = fields
    this.hasBody = hasBody
    this.isComplete = !hasBody
  }

  readBody(sink: BodySink): void {
    this.sink = sink
    this.isReading = true
  }

  pauseBody(): void {
    this.isReading = false
  }

  resumeBody(): void {
    this.isReading = true
  }

  discardBody(): void {
    this.isDiscarded = true
    this.sink = null
  }

  /** The client sends a part of the body. */
  send(text: string): void {
    const piece = Buffer.from(text, 'latin1')
    this.receivedBytes += piece.length
    this.sink?.takeBody(piece)
  }

  /** The client ends the body. */
  end(): void {
    this.isComplete = true
    this.sink?.takeBodyEnd()
  }
}

export class FakeResponse implements HttpResponse {
  readonly request: FakeRequest
  status = 0
  reason: string | undefined = ''
  fields: readonly string[] = []
  trailers: readonly string[] = []
  isHeadSent = false
  isClosed = false
  isComplete = false
  isAborted = false
  keepsAlive = true
  writtenBytes = 0
  owner: ResponseOwner | null = null
  source: BodySource | null = null
  body = ''
  /** What left, in order: informational responses, `head`, pieces and `end`. */
  readonly events: string[] = []
  /** Whether writes report that the client is behind. */
  isFull = false
  /** Resolves when the response is over. */
  readonly over: Promise<void>
  #end: () => void = () => {}

  constructor(request = new FakeRequest()) {
    this.request = request
    this.over = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** The value of a field of the response. */
  get(name: string): string | undefined {
    const at = this.fields.findIndex((text, place) => place % 2 === 0 && text.toLowerCase() === name)
    return at === -1 ? undefined : this.fields[at + 1]
  }

  setField(): void {}

  sendHead(status: number, reason: string | undefined, fields: readonly string[] | PreparedFields): void {
    this.status = status
    this.reason = reason
    this.fields = 'fields' in fields ? fields.fields : fields
  }

  sendPrepared({ status, fields, body }: PreparedResponse): void {
    this.sendHead(status, undefined, fields)
    this.end(body)
  }

  write(piece: string | Uint8Array): boolean {
    this.#sendHead()
    this.#take(piece)
    return !this.isFull
  }

  end(last?: string | Uint8Array): void {
    this.#sendHead()
    if (last !== undefined) this.#take(last)
    this.events.push('end')
    this.isComplete = true
    this.isClosed = true
    this.#end()
  }

  flush(): void {
    this.#sendHead()
  }

  inform(status: number, reason: string | undefined, fields: readonly string[]): void {
    this.events.push([status, reason ?? '', ...fields].join(' '))
  }

  setTrailers(fields: readonly string[]): void {
    this.trailers = fields
  }

  abort(): void {
    this.isAborted = true
    this.isClosed = true
    this.#end()
  }

  #sendHead(): void {
    if (!this.isHeadSent) this.events.push('head')
    this.isHeadSent = true
  }

  #take(piece: string | Uint8Array): void {
    const text = typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1')
    this.body += text
    this.writtenBytes += text.length
    this.events.push(text)
  }
}
