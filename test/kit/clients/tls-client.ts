/** A TLS client. */
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'

export interface TlsVisit {
  readonly socket: TLSSocket
  /** Common name of the server's certificate. */
  readonly shown: string
}

/**
 * Connects and completes the handshake; trusts every certificate by default. Rejects if the handshake fails.
 */
export function connectTls(port: number, options: ConnectionOptions = {}): Promise<TlsVisit> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    socket.once('secureConnect', () => {
      resolve({ socket, shown: String(socket.getPeerCertificate().subject?.CN ?? '') })
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed before the end of the handshake')))
  })
}

/** Sends a request and reads until the server ends the connection. */
export function ask(socket: TLSSocket, ...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', reject)
    socket.once('close', () => resolve(answer))
    socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  })
}

/** Resolves with the session for resumption. TLS 1.3 sends it after the handshake. */
export function sessionOf(socket: TLSSocket): Promise<Buffer> {
  const known = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined
  return known === undefined
    ? new Promise((resolve) => socket.once('session', resolve))
    : Promise.resolve(known)
}
