/** An OTLP receiver that fails in a chosen way. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Ways in which a Collector may fail; `ok` works. */
export type Mood = 'ok' | 'slow' | 'throttles' | 'unavailable' | 'refuses' | 'hangs' | 'drips' | 'resets'

/** A Collector that fails on request. It counts exports without decoding them. */
export interface BadCollector {
  mood: Mood
  readonly url: string
  /** Exports answered with 200. */
  readonly taken: number
  /** Requests in all moods. */
  readonly asked: number
  /** Arrival times of the requests, by `performance.now()`. */
  readonly askedAt: readonly number[]
  readonly headers: readonly IncomingMessage['headers'][]
  /** Number of open connections. */
  readonly open: number
}

const slowMs = 300

export async function startBadCollector(mood: Mood): Promise<BadCollector> {
  const state = {
    mood,
    url: '',
    taken: 0,
    asked: 0,
    open: 0,
    askedAt: [] as number[],
    headers: [] as IncomingMessage['headers'][],
  }
  const timers = new Set<NodeJS.Timeout>()
  const sockets = new Set<Socket>()
  const later = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, ms)
    timers.add(timer)
  }
  const take = (res: ServerResponse) => {
    state.taken += 1
    res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  }
  const moods: Readonly<Record<Mood, (req: IncomingMessage, res: ServerResponse) => void>> = {
    ok: (_, res) => take(res),
    slow: (_, res) => later(slowMs, () => take(res)),
    throttles: (_, res) => res.writeHead(429, { 'retry-after': '1' }).end(),
    unavailable: (_, res) => res.writeHead(503, { 'retry-after': '3600' }).end(),
    refuses: (_, res) => res.writeHead(401, 'Unauthorized').end('no such key'),
    hangs: () => {},
    drips(_, res) {
      res.writeHead(200)
      const drip = () => {
        res.write('.')
        later(50, drip)
      }
      drip()
    },
    resets: (req) => req.socket.resetAndDestroy(),
  }
  const server = createServer((req, res) => {
    state.asked += 1
    state.askedAt.push(performance.now())
    state.headers.push(req.headers)
    req.resume().on('end', () => moods[state.mood](req, res))
    req.on('error', () => {})
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    state.open = sockets.size
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      state.open = sockets.size
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const timer of timers) clearTimeout(timer)
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}
