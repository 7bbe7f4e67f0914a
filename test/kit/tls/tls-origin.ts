/** TLS servers as upstreams, which record what their clients negotiate. */
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'

export interface TlsOrigin extends AsyncDisposable {
  readonly port: number
  /** Handshakes, in order: the server name ('' without one), the protocol, and whether a session was resumed. */
  readonly handshakes: {
    readonly serverName: string
    readonly protocol: string
    readonly isResumed: boolean
  }[]
  readonly sockets: ReadonlySet<TLSSocket>
}

/** `answer` gets each connection; default: it answers every read with a small response. */
export async function startTlsOrigin(
  options: TlsOptions,
  answer: (socket: TLSSocket) => void = answerAll,
): Promise<TlsOrigin> {
  const handshakes: TlsOrigin['handshakes'] = []
  const sockets = new Set<TLSSocket>()
  const server = createServer({ ALPNProtocols: ['http/1.1'], ...options }, (socket) => {
    sockets.add(socket)
    handshakes.push({
      serverName: (socket as { servername?: string | false }).servername || '',
      protocol: socket.alpnProtocol || '',
      isResumed: socket.isSessionReused(),
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    answer(socket)
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    handshakes,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answerAll(socket: TLSSocket): void {
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret'))
}

/** Answers each read with these bytes, as latin1. */
export const answering = (text: string) => (socket: TLSSocket) => {
  socket.on('data', () => socket.write(text, 'latin1'))
}
