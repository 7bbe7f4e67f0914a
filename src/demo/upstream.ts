/** The demo upstream: a small HTTP and WebSocket server to try the proxy against. */
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ListenAddress } from '../config/settings/settings.ts'
import { BifrostError } from '../errors.ts'
import { acceptUpload, sendBytes } from './bodies.ts'

export interface DemoUpstream {
  readonly port: number
  /** Ends every connection and timer; resolves when the server is closed. */
  close(): Promise<void>
}

const help = `This is the demonstration upstream of Bifrost Bridge.

GET  /hello      a friendly line
GET  /echo       method, URL and headers of the request, as JSON
POST /upload     counts the bytes of the body
GET  /bytes/N    N bytes, up to 10 GiB
GET  /slow/N     responds after N ms, up to 60000
     /ws         WebSocket that echoes messages
`
const maxBytes = 10 * 1024 ** 3
const maxDelayMs = 60_000

/** Starts the server. Large bodies are streamed. Throws LISTEN_FAILED if it cannot listen on the address. */
export async function startDemoUpstream(listen: ListenAddress): Promise<DemoUpstream> {
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer((req, res) => answer(req, res, timers))
  const sockets = new WebSocketServer({ server, path: '/ws' })
  sockets.on('connection', echo)
  await new Promise<void>((resolve, reject) => {
    // The WebSocket server re-emits errors of the HTTP server; later errors need a listener too.
    sockets.on('error', (cause) => reject(listenError(listen, cause)))
    server.listen(listen.port, listen.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const timer of timers) clearTimeout(timer)
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function listenError({ host, port }: ListenAddress, cause: unknown): BifrostError {
  return new BifrostError('LISTEN_FAILED', `the demo upstream cannot listen on ${host}:${port}`, { cause })
}

function echo(socket: WebSocket): void {
  // A broken frame closes the socket; without a listener it would end the process.
  socket.on('error', () => socket.terminate())
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Second segment of the path. */
  readonly argument: string
  readonly timers: Set<NodeJS.Timeout>
}

interface Route {
  /** Empty: all methods. */
  readonly methods: readonly string[]
  readonly run: (exchange: Exchange) => void
}

const reading = ['GET', 'HEAD']
const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['', { methods: reading, run: ({ res }) => text(res, help) }],
  ['hello', { methods: reading, run: ({ res }) => text(res, 'Hello from the far end of the bridge.\n') }],
  ['echo', { methods: [], run: tellRequest }],
  ['upload', { methods: ['POST'], run: ({ req, res }) => acceptUpload(req, res) }],
  ['bytes', { methods: reading, run: bytes }],
  ['slow', { methods: reading, run: slowly }],
])

function answer(req: IncomingMessage, res: ServerResponse, timers: Set<NodeJS.Timeout>): void {
  const [pathname = ''] = (req.url ?? '').split('?', 1)
  const [, name = '', argument = ''] = pathname.split('/', 3)
  const route = routes.get(name)
  if (route === undefined) refuse(res, 404)
  else if (route.methods.length > 0 && !route.methods.includes(req.method ?? '')) {
    refuse(res, 405, { Allow: route.methods.join(', ') })
  } else route.run({ req, res, argument, timers })
}

function tellRequest({ req, res }: Exchange): void {
  const { method, url, headers } = req
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(`${JSON.stringify({ method, url, headers }, null, 2)}\n`)
}

function bytes({ res, argument }: Exchange): void {
  const size = wholeNumber(argument, maxBytes)
  if (size === undefined) refuse(res, 400)
  else sendBytes(res, size)
}

function slowly({ res, argument, timers }: Exchange): void {
  const delayMs = wholeNumber(argument, maxDelayMs)
  if (delayMs === undefined) {
    refuse(res, 400)
    return
  }
  const timer = setTimeout(() => text(res, `Waited for ${delayMs} ms.\n`), delayMs)
  timers.add(timer)
  res.once('close', () => {
    clearTimeout(timer)
    timers.delete(timer)
  })
}

function wholeNumber(digits: string, max: number): number | undefined {
  return /^\d+$/.test(digits) && Number(digits) <= max ? Number(digits) : undefined
}

function text(res: ServerResponse, body: string): void {
  res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(body)
}

function refuse(res: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
  res.end(`${status}; GET / lists the paths.\n`)
}
