/** An HTTP/2 client that sends single frames, valid or not. */
import { connect, type Socket } from 'node:net'

export const frame = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** A frame as bytes (RFC 9113 4.1). */
export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * Encodes fields as HPACK literals without indexing (RFC 7541 6.2.2), including bytes that no encoder would
 * write.
 */
export function fieldsOf(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  )
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  while (rest >= 128) {
    length.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/** Fields of a plain request, with some replaced (or removed by undefined) and others appended. */
export function requestOf(
  replaced: Readonly<Record<string, string | undefined>> = {},
  ...others: readonly (readonly [string, string])[]
): (readonly [string, string])[] {
  const plain = {
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': 'client.test',
    ':path': '/',
    ...replaced,
  }
  const fields = Object.entries(plain).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return [...fields, ...others]
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client that sends given frames. It acknowledges nothing automatically and opens no window. */
export class FrameClient {
  readonly socket: Socket
  readonly frames: Frame[] = []
  isEnded = false
  #buffer: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      this.#parse()
      this.#wake()
    })
    const finish = (): void => {
      this.isEnded = true
      this.#wake()
    }
    socket.on('end', finish)
    socket.on('close', finish)
    socket.on('error', finish)
  }

  /** Connects, and sends the preface and an empty SETTINGS. */
  static async connect(port: number): Promise<FrameClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new FrameClient(socket).bytes(preface).send(frame.settings, 0, 0)
  }

  bytes(bytes: Buffer): this {
    if (this.socket.writable) this.socket.write(bytes)
    return this
  }

  send(type: number, flags: number, stream: number, payload?: Buffer): this {
    return this.bytes(frameOf(type, flags, stream, payload))
  }

  /** Sends HEADERS with END_HEADERS, and with END_STREAM unless the request has a body. */
  request(stream: number, fields: readonly (readonly [string, string])[], hasBody = false): this {
    return this.send(
      frame.headers,
      flag.endHeaders | (hasBody ? 0 : flag.endStream),
      stream,
      fieldsOf(fields),
    )
  }

  reset(stream: number, code: number): this {
    return this.send(frame.reset, 0, stream, number(code))
  }

  /** Waits for the first matching frame; throws if the connection ends without it. */
  async find(what: string, fits: (one: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits)
      if (found !== undefined) return found
      if (this.isEnded) throw new Error(`the connection ended without ${what}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** All GOAWAY frames received so far. */
  get goaways(): readonly { readonly code: number; readonly last: number }[] {
    return this.frames
      .filter(({ type }) => type === frame.goaway)
      .map(({ payload }) => ({ last: payload.readUInt32BE(0), code: payload.readUInt32BE(4) }))
  }

  async firstGoaway(): Promise<{ readonly code: number; readonly last: number } | undefined> {
    await this.find('GOAWAY', ({ type }) => type === frame.goaway)
    return this.goaways[0]
  }

  /** Result of a stream: `reset CODE`, or the status once its head has arrived. */
  async outcome(stream: number): Promise<string> {
    const one = await this.find(
      `an end of stream ${stream}`,
      (each) => each.stream === stream && (each.type === frame.reset || each.type === frame.headers),
    )
    return one.type === frame.reset ? `reset ${one.payload.readUInt32BE(0)}` : statusOf(one.payload)
  }

  async ended(): Promise<void> {
    while (!this.isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #parse(): void {
    for (;;) {
      if (this.#buffer.length < 9) return
      const length = this.#buffer.readUIntBE(0, 3)
      if (this.#buffer.length < 9 + length) return
      this.frames.push({
        type: this.#buffer.readUInt8(3),
        flags: this.#buffer.readUInt8(4),
        stream: this.#buffer.readUInt32BE(5) & 0x7fffffff,
        payload: this.#buffer.subarray(9, 9 + length),
      })
      this.#buffer = this.#buffer.subarray(9 + length)
    }
  }
}

/** `:status` of a response head; it is the first field, from the static table or a literal (RFC 7541 A). */
function statusOf(block: Buffer): string {
  const first = block[0] ?? 0
  const known = ['200', '204', '206', '304', '400', '404', '500'][first - 0x88]
  return known ?? block.toString('latin1', 2, 5)
}
