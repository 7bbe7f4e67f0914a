/**
 * WebSocket handshakes by http-proxy-3, which expects a request and a socket of node:http. It gets stand-ins that
 * were never connected, and only sends the request: what the upstream answers is handled by upgrade.ts.
 */
import { type ClientRequest, type Agent as HttpAgent, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'

export interface HandshakeTarget {
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat. */
  readonly headers: readonly string[]
  readonly connectMs: number
  readonly agent: HttpAgent
}

export class Handshakes {
  readonly #proxy: ProxyServer = createProxyServer({ xfwd: false, changeOrigin: false, secure: true })

  constructor() {
    // Every call has its own error callback, but without a listener the package throws.
    this.#proxy.on('error', ignore)
  }

  /**
   * Sends the request of a handshake. The caller listens for `response`, `upgrade` and `information`; `failed`
   * gets connection errors. Throws if the package refuses the request.
   */
  start(
    { origin, path, headers, connectMs, agent }: HandshakeTarget,
    failed: (error: Error) => void,
  ): ClientRequest {
    const client = new StandIn()
    let sent: ClientRequest | null = null
    this.#proxy.once('proxyReqWs', (request: ClientRequest) => {
      sent = request
      // The package normalises the path; the origin must see the client's bytes.
      request.path = path
    })
    try {
      const options = { target: origin, connectTimeout: connectMs, agent }
      this.#proxy.ws(requestOf(headers, client), client.asSocket, Buffer.alloc(0), options, failed)
    } finally {
      this.#proxy.removeAllListeners('proxyReqWs')
      // The package counts open sockets; this one has done its work.
      client.destroy()
    }
    const request = sent as ClientRequest | null
    if (request === null) throw new Error('http-proxy-3 has sent no request')
    // It relays an ordinary answer without backpressure and does not notice a premature end. On a switch it
    // writes the head as UTF-8 with another reason, and joins the sockets without bounds.
    request.removeAllListeners('response')
    request.removeAllListeners('upgrade')
    return request
  }
}

/** The parts of a client's socket that the package touches. */
class StandIn extends Duplex {
  get asSocket(): Socket {
    return this as unknown as Socket
  }

  override _read(): void {}

  setTimeout(): void {}

  setNoDelay(): void {}

  setKeepAlive(): void {}

  destroySoon(): void {
    this.destroy()
  }
}

function requestOf(headers: readonly string[], client: StandIn): IncomingMessage {
  const request = new IncomingMessage(client.asSocket)
  request.method = 'GET'
  // The package parses this as a URL, which may throw for the real path.
  request.url = '/'
  request.headers = { ...toRecord(headers), connection: 'Upgrade', upgrade: 'websocket' }
  return request
}

function toRecord(fields: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null)
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    const value = fields[at + 1] as string
    const before = record[name]
    record[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return record
}

const ignore = (): void => {}
