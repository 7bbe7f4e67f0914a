/** An HTTP/2 client over a cleartext connection. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'

export interface H2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>
  /** Informational responses that preceded it. */
  readonly informed: readonly Record<string, unknown>[]
  readonly body: Buffer
  readonly text: string
  /** Error code of the RST_STREAM that ended it; 0 without one, or for NO_ERROR. */
  readonly reset: number
  /** Whether the response ended by END_STREAM. */
  readonly isWhole: boolean
}

/** A client with prior knowledge, over one connection. */
export class H2Client {
  readonly session: ClientHttp2Session
  goaways: { readonly code: number; readonly last: number }[] = []
  isClosed = false

  private constructor(session: ClientHttp2Session) {
    this.session = session
    session.on('error', () => {})
    session.on('goaway', (code, last) => this.goaways.push({ code, last }))
    session.on('close', () => {
      this.isClosed = true
    })
  }

  static async connect(port: number): Promise<H2Client> {
    const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000 })
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve())
      session.once('error', reject)
    })
    return new H2Client(session)
  }

  request(
    headers: Record<string, string | string[]>,
    options: { endStream?: boolean } = {},
  ): ClientHttp2Stream {
    const stream = this.session.request({ ':authority': 'client.test', ...headers }, options)
    stream.on('error', () => {})
    return stream
  }

  get(path: string, headers: Record<string, string> = {}): Promise<H2Answer> {
    return answerOf(this.request({ ':path': path, ...headers }))
  }

  post(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<H2Answer> {
    const stream = this.request({ ':method': 'POST', ':path': path, ...headers })
    stream.end(body)
    return answerOf(stream)
  }

  /**
   * Not immediately: Node can abort if a session is destroyed within an event of its stream
   * (nodejs/node#64850).
   */
  [Symbol.dispose](): void {
    setImmediate(() => this.session.destroy())
  }
}

/** Resolves with the whole response when its stream has closed. */
export function answerOf(stream: ClientHttp2Stream): Promise<H2Answer> {
  const pieces: Buffer[] = []
  const informed: Record<string, unknown>[] = []
  let headers: H2Answer['headers'] = {}
  let trailers: H2Answer['trailers'] = {}
  let isWhole = false
  stream.on('headers', (fields) => informed.push(fields))
  stream.on('response', (fields, flags) => {
    headers = fields as H2Answer['headers']
    if ((flags & 1) !== 0) isWhole = true
  })
  stream.on('trailers', (fields) => {
    trailers = fields as H2Answer['trailers']
  })
  stream.on('data', (chunk: Buffer) => pieces.push(chunk))
  stream.on('end', () => {
    isWhole = true
  })
  return new Promise((resolve) => {
    stream.on('close', () => {
      const body = Buffer.concat(pieces)
      const status = Number(headers[':status'] ?? 0)
      const reset = stream.rstCode
      resolve({
        status,
        headers,
        trailers,
        informed,
        body,
        text: body.toString(),
        reset,
        isWhole: isWhole && reset === 0,
      })
    })
  })
}
