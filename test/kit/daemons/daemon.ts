/** Starts a daemon in the process of the test. */
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../../src/config/load.ts'
import type { Isolation } from '../../../src/config/settings/settings.ts'
import { startDaemon } from '../../../src/daemon.ts'
import type { Daemon, DaemonOptions } from '../../../src/supervise/daemon-contract.ts'
import { withLoopback } from '../configuration/destinations.ts'

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  json<T>(): T
}

interface AdminSend {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A daemon in this process, on ports chosen by the kernel. */
export interface TestDaemon {
  readonly daemon: Daemon
  readonly log: readonly string[]
  /** First port of a worker, or of `admin`. */
  port(name: string): number
  admin(path: string, method?: string, send?: AdminSend): Promise<AdminAnswer>
  /** State of an actor in `/status`, or null. */
  stateOf(actor: string): string | null
  [Symbol.asyncDispose](): Promise<void>
}

export interface TestDaemonOptions extends Partial<DaemonOptions> {
  readonly baseDir?: string
  /** Isolation of workers that do not configure one. */
  readonly isolation?: Isolation
}

// As in the command line; it halves the start time of an instance.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/bifrost')

/**
 * Defaults for workers that do not configure them. Samples are twenty times as frequent as usual, so two of
 * them above the default CPU share take only 100 ms, and the worker would end kept connections in the middle
 * of a test.
 */
function withDefaults(config: object, isolation: Isolation | undefined): object {
  if (!('workers' in config)) return config
  const blocks = Object.entries(config.workers as Readonly<Record<string, object>>)
  const defaults = (block: object) => ({
    ...(isolation === undefined ? {} : { isolation }),
    ...('resource_limits' in block ? {} : { max_cpu_percent: 100 }),
  })
  return {
    ...config,
    workers: Object.fromEntries(blocks.map(([name, block]) => [name, { ...defaults(block), ...block }])),
  }
}

/** Starts a daemon. `config` is a configuration value; `admin` listens on a port chosen by the kernel. */
export async function startTestDaemon(config: object, options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const text = JSON.stringify({
    admin: { listen_addr: '127.0.0.1:0' },
    drain_timeout_secs: 5,
    ...withDefaults(withLoopback(config), options.isolation),
  })
  const { settings, positions, secretsDecrypted } = parseConfig(text, {
    file: 'test.json',
    baseDir: options.baseDir ?? tmpdir(),
  })
  const log: string[] = []
  const daemon = await startDaemon(settings, {
    log: (level, message, fields) => log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    positions,
    samplePeriodMs: 50,
    secretsDecrypted,
    ...options,
  })
  await daemon.running
  const port = (name: string): number => {
    const address = daemon.addresses()[name]?.[0]
    if (address === undefined) throw new Error(`nothing listens for ${name}`)
    return address.port
  }
  return {
    daemon,
    log,
    port,
    admin: (path, method = 'GET', send = {}) => askAdmin(port('admin'), path, method, send),
    stateOf: (actor) => daemon.overview.actors().find((view) => view.actor === actor)?.state ?? null,
    async [Symbol.asyncDispose]() {
      daemon.stop()
      await daemon.stopped
    },
  }
}

function askAdmin(
  port: number,
  path: string,
  method: string,
  { headers = {}, body }: AdminSend,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
      const pieces: Buffer[] = []
      res.on('data', (piece: Buffer) => pieces.push(piece))
      res.on('end', () => {
        const body = Buffer.concat(pieces).toString()
        resolve({
          status: res.statusCode ?? 0,
          type: res.headers['content-type'] ?? '',
          headers: res.headers,
          text: body,
          json: () => JSON.parse(body),
        })
      })
    })
    req.on('error', reject)
    req.end(body)
  })
}
