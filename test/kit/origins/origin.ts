/** Origins: upstream servers for the tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  all(name: string): string[]
  get(name: string): string | undefined
  /** Resolves with the whole body; rejects if it was cut off. */
  readonly body: Promise<Buffer>
  readonly req: IncomingMessage
}

export type OriginHandler = (req: IncomingMessage, res: ServerResponse, seen: SeenRequest) => unknown

/** An upstream that records its requests. */
export interface Origin {
  readonly port: number
  /** `127.0.0.1:port` */
  readonly authority: string
  readonly seen: SeenRequest[]
  /** The latest request. */
  readonly last: SeenRequest
  readonly server: Server
  /** Sockets open now. */
  readonly sockets: ReadonlySet<Socket>
  /** Number of sockets accepted since the start. */
  readonly accepted: number
  /** Ends open connections and refuses new ones. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts an HTTP origin; without a handler it answers 200 and `hello`. Bodies are read unless `gather` is
 * false.
 */
export async function startOrigin(
  handler: OriginHandler = (_req, res) => res.end('hello'),
  options: { readonly gather?: boolean } = {},
): Promise<Origin> {
  const seen: SeenRequest[] = []
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    const record = describe(req, options.gather ?? true)
    seen.push(record)
    void handler(req, res, record)
  })
  return await listen(server, seen)
}

/** Starts an origin on plain sockets, for answers that no HTTP server would send. */
export async function startRawOrigin(onSocket: (socket: Socket) => unknown): Promise<Origin> {
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    onSocket(socket)
  })
  return await listen(server, [])
}

/** Starts a raw origin that answers one head with fixed bytes, then ends the connection unless `keepOpen`. */
export function startScriptedOrigin(
  answer: string,
  options: { readonly keepOpen?: boolean } = {},
): Promise<Origin> {
  return startRawOrigin((socket) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      text = ''
      socket.write(answer, 'latin1')
      if (!options.keepOpen) socket.end()
    })
    socket.on('end', () => socket.end())
  })
}

/** A port on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const origin = await startRawOrigin(() => {})
  await origin.close()
  return origin.port
}

async function listen(server: Server, seen: SeenRequest[]): Promise<Origin> {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    port,
    authority: `127.0.0.1:${port}`,
    seen,
    get last() {
      const last = seen.at(-1)
      if (last === undefined) throw new Error('the origin has seen no request')
      return last
    },
    server,
    sockets,
    get accepted() {
      return accepted
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function describe(req: IncomingMessage, gather: boolean): SeenRequest {
  const { rawHeaders } = req
  const all = (name: string) =>
    rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name.toLowerCase())
  const body = gather ? collect(req) : new Promise<Buffer>(() => {})
  body.catch(() => {})
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    rawHeaders,
    all,
    get: (name) => all(name)[0],
    body,
    req,
  }
}

function collect(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    req.on('data', (chunk: Buffer) => pieces.push(chunk))
    req.on('end', () => resolve(Buffer.concat(pieces)))
    req.on('error', reject)
    req.on('aborted', () => reject(new Error('the request was cut off')))
  })
}
