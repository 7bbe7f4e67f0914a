/** An HTTP/1.1 client that sends any bytes. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface RawResponse {
  readonly status: number
  readonly statusText: string
  /** As received: name, value, name, value. */
  readonly rawHeaders: readonly string[]
  /** Values of a field, in order. */
  all(name: string): string[]
  /** The only value of a field; undefined if the field is absent. */
  get(name: string): string | undefined
  readonly body: Buffer
  readonly text: string
  /** Trailer fields of a chunked body, as received. */
  readonly trailers: readonly string[]
}

/** A client that sends given bytes and reads whole HTTP/1.1 responses in order. */
export class RawClient {
  readonly socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #isEnded = false
  #wake: () => void = () => {}
  /** True if the connection ended by a reset, not by FIN. */
  isReset = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      this.#wake()
    })
    socket.on('end', () => this.#finish())
    socket.on('close', () => this.#finish())
    socket.on('error', () => {
      this.isReset = true
      this.#finish()
    })
  }

  /** A client whose own side stays open after the server's FIN, as TCP allows. */
  static async connect(port: number, host = '127.0.0.1', localAddress?: string): Promise<RawClient> {
    const from = localAddress === undefined ? {} : { localAddress }
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true, ...from })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RawClient(socket)
  }

  /** The same over TLS; any certificate is accepted. */
  static async connectTls(port: number): Promise<RawClient> {
    // A TLS socket takes `allowHalfOpen` over from the socket below it.
    const below = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const socket = connectTls({ socket: below, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
      below.once('error', reject)
    })
    return new RawClient(socket)
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes, 'latin1')
    return this
  }

  /** Sends the lines of a request head, each with CRLF. */
  head(...lines: string[]): this {
    return this.send(`${lines.join('\r\n')}\r\n\r\n`)
  }

  /** Bytes that arrived and were not read yet. */
  get pending(): Buffer {
    return this.#buffer
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Everything until the server ends its side. */
  async rest(): Promise<Buffer> {
    while (!this.#isEnded) await this.#more()
    return this.#take(this.#buffer.length)
  }

  /** Resolves when the server has ended its side. */
  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#more()
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#moreOrFail(`${count} bytes`)
    return this.#take(count)
  }

  async until(mark: string): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(mark)
      if (at !== -1) return this.#take(at + mark.length).toString('latin1')
      await this.#moreOrFail(JSON.stringify(mark))
    }
  }

  /** Reads only the head; the caller reads the body. */
  async responseHead(): Promise<Pick<RawResponse, 'status' | 'statusText' | 'rawHeaders' | 'all' | 'get'>> {
    const [line = '', ...fields] = (await this.until('\r\n\r\n')).trimEnd().split('\r\n')
    const [, status = '', statusText = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(line) ?? []
    if (status === '') throw new Error(`no status line: ${line}`)
    const rawHeaders = fields.flatMap(splitField)
    const all = (name: string) =>
      rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name.toLowerCase())
    return { status: Number(status), statusText, rawHeaders, all, get: (name) => all(name)[0] }
  }

  /** Reads one response, without a body for HEAD. Throws if the connection ends within it. */
  async response(method = 'GET'): Promise<RawResponse> {
    const head = await this.responseHead()
    let body: Buffer = Buffer.alloc(0)
    let trailers: readonly string[] = []
    if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) {
      // There is no body, whatever the fields contain (RFC 9112 6.3).
    } else if (head.get('transfer-encoding') === 'chunked') {
      ;({ body, trailers } = await this.#chunked())
    } else if (head.get('content-length') !== undefined) {
      body = await this.bytes(Number(head.get('content-length')))
    } else {
      body = await this.rest()
    }
    return { ...head, body, text: body.toString(), trailers }
  }

  /** The common case: one GET over this connection. */
  async get(target: string, ...fields: string[]): Promise<RawResponse> {
    this.head(`GET ${target} HTTP/1.1`, 'Host: client.test', ...fields)
    return await this.response()
  }

  end(): void {
    this.socket.end()
  }

  /** Leaves at once, with a reset over plain TCP: a FIN alone would mean that it still reads. */
  destroy(): void {
    if ('encrypted' in this.socket || this.socket.remoteFamily === undefined) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  async #chunked(): Promise<{ body: Buffer; trailers: string[] }> {
    const pieces: Buffer[] = []
    for (;;) {
      const size = Number.parseInt(await this.until('\r\n'), 16)
      if (size === 0) break
      pieces.push(await this.bytes(size))
      await this.until('\r\n')
    }
    const trailers: string[] = []
    for (let line = await this.until('\r\n'); line !== '\r\n'; line = await this.until('\r\n')) {
      trailers.push(...splitField(line.trimEnd()))
    }
    return { body: Buffer.concat(pieces), trailers }
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return taken
  }

  async #moreOrFail(what: string): Promise<void> {
    if (this.#isEnded) {
      throw new Error(
        `connection ended before ${what}; got ${this.#buffer.subarray(0, 500).toString('latin1')}`,
      )
    }
    await this.#more()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #finish(): void {
    this.#isEnded = true
    this.#wake()
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
