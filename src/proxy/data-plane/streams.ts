/** The HTTP/2 connections of an edge. node:http2 costs memory, so it is loaded with the first of them. */
import type { WorkerSettings } from '../../config/settings/settings.ts'
import type { H2Response } from '../../http/h2/message.ts'
import type { H2Request } from '../../http/h2/request.ts'
import type { H2Options, H2Server } from '../../http/h2/server.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import { type Connection, connectionOf } from '../exchange/connection.ts'
import type { Log } from '../exchange/exchange-log.ts'

type Start = (connection: Connection, req: H2Request, res: H2Response) => void

/** Streams of a worker for each connection that it may have: far fewer than its connections could open together. */
const streamsPerConnection = 4

const mebibyte = 1024 * 1024
/** Share of the worker's memory that may wait for slow readers, and what it is at least. */
const backlogShare = 1 / 8
const minBacklogBytes = 4 * mebibyte

export class Streams {
  readonly #worker: WorkerSettings
  readonly #block: CounterBlock
  readonly #log: Log
  readonly #start: Start
  #server: Promise<H2Server> | null = null
  #isRetired = false
  #isClosed = false

  /** `block` counts the connections that are cut off for what their clients do. */
  constructor(worker: WorkerSettings, block: CounterBlock, log: Log, start: Start) {
    this.#worker = worker
    this.#block = block
    this.#log = log
    this.#start = start
  }

  /** Takes a connection that has agreed on HTTP/2. */
  async accept(connection: Connection): Promise<void> {
    const { socket } = connection
    // Until there is a session nobody reads it, and it is not late.
    connection.isHttp = false
    try {
      this.#server ??= this.#load()
      const server = await this.#server
      if (this.#isClosed) socket.destroy()
      if (socket.destroyed) return
      connection.session = server.accept(socket)
      if (this.#isRetired) connection.session.retire()
    } catch {
      // Ended while it was handed over.
      socket.destroy()
    }
  }

  /** Ends every connection after its exchanges. */
  async retire(): Promise<void> {
    this.#isRetired = true
    const server = await this.#server
    server?.retire()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const server = await this.#server
    await server?.close()
  }

  async #load(): Promise<H2Server> {
    const { H2Server } = await import('../../http/h2/server.ts')
    return new H2Server(this.#serverOptions())
  }

  #serverOptions(): H2Options {
    const worker = this.#worker
    const { maxConcurrentStreams } = worker.http2
    const sizes = worker.services.map((service) => service.sizes)
    const longest = (pick: 'headerMs' | 'idleMs') =>
      Math.max(...worker.services.map(({ timeouts }) => timeouts[pick]))
    const connections = worker.services.reduce((sum, { maxConnections }) => sum + maxConnections, 0)
    return {
      headerMs: longest('headerMs'),
      idleMs: longest('idleMs'),
      maxConcurrentStreams,
      maxHeaderBytes: Math.max(...sizes.map(({ maxHeadBytes }) => maxHeadBytes)),
      maxFields: Math.max(...sizes.map(({ maxFields }) => maxFields)),
      maxStreams: Math.max(
        maxConcurrentStreams,
        streamsPerConnection * Math.ceil(connections / worker.instances),
      ),
      maxBacklogBytes: Math.max(
        minBacklogBytes,
        (worker.maxMemoryMb * mebibyte * backlogShare) / worker.instances,
      ),
      onRequest: (req, res) => {
        const connection = connectionOf(req.socket)
        if (connection === undefined) res.destroy()
        else this.#start(connection, req, res)
      },
      onCutOff: (socket, reason) => {
        count(this.#block, 'connectionsCutOff')
        this.#log('warn', 'connection cut off', { client: connectionOf(socket)?.peer, reason })
      },
    }
  }
}
