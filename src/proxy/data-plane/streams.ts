/** The HTTP/2 connections of a data plane. node:http2 costs memory, so the first connection loads it. */
import type { Socket } from 'node:net'
import type { WorkerSettings } from '../../config/settings/settings.ts'
import type { H2Response } from '../../http/h2/message.ts'
import type { H2Request } from '../../http/h2/request.ts'
import type { H2Options, H2Server } from '../../http/h2/server.ts'
import type { Log } from '../../telemetry/log/log.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import type { Connection } from '../exchange/connection.ts'

interface StreamsOptions {
  readonly worker: WorkerSettings
  /** Maximum connections of this instance. */
  readonly maxConnections: number
  /** Counts the connections that are cut off because of their clients' behaviour. */
  readonly block: CounterBlock
  readonly log: Log
  readonly start: (connection: Connection, req: H2Request, res: H2Response) => void
}

/** Maximum streams of an instance per allowed connection, far fewer than its connections could open together. */
const streamsPerConnection = 4

const mebibyte = 1024 * 1024
/** Share of the worker's memory that responses may occupy while they wait for slow readers. */
const backlogShare = 1 / 8
/** Minimum of that share per instance. */
const minBacklogBytes = 4 * mebibyte

export class Streams {
  readonly #options: StreamsOptions
  #server: Promise<H2Server<Connection>> | null = null
  #isRetired = false
  #isClosed = false

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  /** Takes a connection that has negotiated HTTP/2. */
  async accept(connection: Connection, socket: Socket): Promise<void> {
    try {
      this.#server ??= this.#load()
      const server = await this.#server
      if (this.#isClosed) socket.destroy()
      if (socket.destroyed) return
      connection.session = server.accept(socket, connection)
      if (this.#isRetired) connection.session.retire()
    } catch {
      // The socket ended during the hand-over.
      socket.destroy()
    }
  }

  /** Ends every connection after its exchanges. */
  async retire(): Promise<void> {
    this.#isRetired = true
    const server = await this.#server
    server?.retire()
  }

  /** Ends everything now; resolves when every connection is closed. */
  async close(): Promise<void> {
    this.#isClosed = true
    const server = await this.#server
    await server?.close()
  }

  async #load(): Promise<H2Server<Connection>> {
    const { H2Server } = await import('../../http/h2/server.ts')
    return new H2Server(this.#serverOptions())
  }

  #serverOptions(): H2Options<Connection> {
    const { worker, maxConnections, block, log, start } = this.#options
    const { maxConcurrentStreams } = worker.http2
    const sizes = worker.services.map((service) => service.sizes)
    const longest = (pick: 'headerMs' | 'idleMs') =>
      Math.max(...worker.services.map(({ timeouts }) => timeouts[pick]))
    return {
      headerMs: longest('headerMs'),
      idleMs: longest('idleMs'),
      maxConcurrentStreams,
      maxHeaderBytes: Math.max(...sizes.map(({ maxHeadBytes }) => maxHeadBytes)),
      maxFields: Math.max(...sizes.map(({ maxFields }) => maxFields)),
      maxStreams: Math.max(maxConcurrentStreams, streamsPerConnection * maxConnections),
      maxBacklogBytes: Math.max(
        minBacklogBytes,
        (worker.maxMemoryMb * mebibyte * backlogShare) / worker.instances,
      ),
      onRequest: (connection, req, res) => start(connection, req, res),
      onCutOff: ({ peer }, reason) => {
        count(block, 'connectionsCutOff')
        log('warn', 'connection cut off', { client: peer, reason })
      },
    }
  }
}
