import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import type { MountSettings, StaticSettings } from '../../../src/config/settings/settings.ts'
import { BifrostError } from '../../../src/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../src/http/message/message.ts'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { createStatic, type StaticDeps, type StaticHandler } from '../../../src/proxy/static/static.ts'
import { type CounterBlock, createCounterBlock } from '../../../src/telemetry/metrics/counters.ts'
import { pace, sizes, tracing } from '../../kit/daemons/data-plane.ts'
import { startEngineServer } from '../../kit/daemons/engine-server.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

/** Modification time of every file that a test writes: long ago, so that validators are stable. */
export const writtenAt = new Date('2024-02-03T04:05:06Z')

/** A temporary directory that contains a public folder and, next to it, a secret. */
export interface Site extends AsyncDisposable {
  readonly root: string
  readonly outside: string
  write(name: string, content: string | Uint8Array): string
  link(name: string, target: string): void
  /** Creates a named pipe and returns its path. */
  pipe(name: string): string
}

export function createSite(files: Readonly<Record<string, string>> = {}): Site {
  const outside = tempDir()
  const root = join(outside, 'public')
  mkdirSync(root)
  writeFileSync(join(outside, 'secret.txt'), 'SECRET')
  const site: Site = {
    root,
    outside,
    write(name, content) {
      const file = join(root, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      utimesSync(file, writtenAt, writtenAt)
      return file
    },
    link(name, target) {
      symlinkSync(target, join(root, name))
    },
    pipe(name) {
      const file = join(root, name)
      execFileSync('sh', ['-c', 'mkfifo "$0"', file])
      return file
    },
    async [Symbol.asyncDispose]() {
      rmSync(outside, { recursive: true, force: true })
    },
  }
  for (const [name, content] of Object.entries(files)) site.write(name, content)
  return site
}

export function staticSettings(...mounts: (Partial<MountSettings> & { rootDir: string })[]): StaticSettings {
  return {
    type: 'static',
    trust: { proxies: [], believes: 'x_forwarded' },
    requestId: null,
    access: null,
    accessLog: null,
    tracing,
    auth: null,
    rates: null,
    maxConnections: 100,
    maxMemoryMb: 256,
    maxCpuPercent: 100,
    timeouts: { connectMs: 0, idleMs: 5000, lifetimeMs: 0, maxTunnelMs: 0, headerMs: 5000, responseMs: 5000 },
    pace,
    sizes,
    mounts: mounts.map((mount) => ({
      path: '/',
      spaMode: false,
      spaFallbackFile: 'index.html',
      indexFiles: ['index.html'],
      ...mount,
    })),
  }
}

export interface Served extends AsyncDisposable {
  readonly port: number
  /** Accepted transports, in order. */
  readonly transports: readonly Transport[]
  readonly handler: StaticHandler
  readonly counters: CounterBlock
  /** Errors thrown by `handle`, in the order of the requests. */
  readonly thrown: unknown[]
  /** Number of `handle` calls that have not resolved. */
  pending(): number
}

/**
 * Serves the static handler with a plain server; `around` is called around each request. Like the real caller, it selects the first mount that owns
 * the path.
 */
export async function serve(
  settings: StaticSettings,
  deps: Omit<StaticDeps, 'counters'> = {},
  around: (request: HttpRequest, response: HttpResponse, handle: () => void) => void = (_, __, handle) =>
    handle(),
): Promise<Served> {
  const counters = createCounterBlock()
  const handler = createStatic(settings, { ...deps, counters })
  const thrown: unknown[] = []
  let pending = 0
  const answer = (req: HttpRequest, res: HttpResponse) => {
    const { target } = req
    const pathname = target.split('?', 1)[0]
    const mount = settings.mounts.find(({ path }) => path === '/' || `${pathname}/`.startsWith(`${path}/`))
    if (mount === undefined) throw new Error('a test asked for a path that no mount owns')
    pending += 1
    handler
      .handle(req, res, mount, target)
      .catch((error: unknown) => {
        thrown.push(error)
        if (!res.isHeadSent) res.sendHead(error instanceof BifrostError ? error.status : 599, undefined, [])
        res.end()
      })
      .finally(() => {
        pending -= 1
      })
  }
  const server = await startEngineServer((req, res) => around(req, res, () => answer(req, res)))
  return {
    port: server.port,
    transports: server.transports,
    handler,
    counters,
    thrown,
    pending: () => pending,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Head and body as received. */
  readonly raw: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends one request with its target byte for byte: no client normalises `..` here. */
export async function ask(
  served: { readonly port: number },
  target: string,
  { method = 'GET', headers = {} }: Ask = {},
) {
  const lines = Object.entries({ Host: 'site.test', Connection: 'close', ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return parseAnswer(await exchange(served.port, `${method} ${target} HTTP/1.1\r\n${head}\r\n`))
}

/** Sends bytes and reads until the server closes. */
export function exchange(port: number, request: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.setTimeout(8000, () => socket.destroy(new Error(`no end of the answer to ${request}`)))
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(pieces)))
  })
}

function parseAnswer(bytes: Buffer): Answer {
  const end = bytes.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const body = bytes.subarray(end + 4).toString('utf8')
  return { status: Number(statusLine.split(' ')[1]), headers, body, raw: bytes.toString('utf8') }
}
