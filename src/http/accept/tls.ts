/**
 * Terminates TLS for one listener, with a TLS server of Node that never listens and is given accepted sockets.
 *
 *   accept(raw) -> handshake in time, client certificate as asked? -> onSecure(raw, secure)
 *                    '- no: closed silently, onFailed
 */
import type { Socket } from 'node:net'
import type { SecureContext, Server, TLSSocket } from 'node:tls'
import type { TlsMaterial } from '../../tls/material.ts'
import { nodeTls } from '../builtin.ts'
import { systemCode } from '../failure.ts'
import { socketBelow } from '../transport/handles.ts'

export interface TerminatorOptions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Null: the modern list. */
  readonly ciphers: string | null
  /** Maximum time from `accept` to the end of the handshake; slow bytes do not extend it. */
  readonly handshakeMs: number
  readonly clientAuth: 'off' | 'optional' | 'required'
  /** Application protocols in order of preference (ALPN, RFC 7301). A client that requests only others is rejected. */
  readonly protocols: readonly string[]
  readonly onSecure: (raw: Socket, secure: TLSSocket) => void
  /** Called after `raw` was closed, with the error code of OpenSSL or Node. */
  readonly onFailed: (raw: Socket, code: string) => void
}

/** Forward secrecy and authenticated encryption only (RFC 9325 4.2). */
const modernCiphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
const tls13Ciphers = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

export class TlsTerminator {
  readonly #options: TerminatorOptions
  readonly #server: Server
  /** Sockets whose handshake is under way. */
  readonly #pending = new Set<Socket>()
  #contexts: ReadonlyMap<string, SecureContext>

  constructor(options: TerminatorOptions, material: TlsMaterial) {
    this.#options = options
    const { clientAuth, protocols, handshakeMs } = options
    this.#contexts = this.#contextsOf(material)
    this.#server = nodeTls().createServer({
      ...this.#contextOptions(material, 0),
      handshakeTimeout: Math.ceil(handshakeMs),
      requestCert: clientAuth !== 'off',
      rejectUnauthorized: clientAuth === 'required',
      ALPNProtocols: [...protocols],
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    })
    this.#server.on('secureConnection', (secure) => {
      const raw = socketBelow(secure)
      if (raw === undefined || !this.#pending.delete(raw)) secure.destroy()
      else options.onSecure(raw, secure)
    })
    this.#server.on('tlsClientError', (error, secure) => {
      const raw = socketBelow(secure)
      secure.destroy()
      if (raw !== undefined) this.#fail(raw, systemCode(error))
    })
  }

  accept(raw: Socket): void {
    this.#pending.add(raw)
    // Otherwise the first response waits until the client acknowledges its session tickets, up to 40 ms.
    raw.setNoDelay(true)
    // Otherwise a client that ends during the handshake would be kept until its deadline.
    raw.allowHalfOpen = false
    raw.once('close', () => this.#fail(raw, 'ECONNRESET'))
    this.#server.emit('connection', raw)
  }

  /** Sets the certificates of future handshakes. Throws if OpenSSL rejects them; then the previous ones stay. */
  update(material: TlsMaterial): void {
    const contexts = this.#contextsOf(material)
    this.#server.setSecureContext(this.#contextOptions(material, 0))
    this.#contexts = contexts
  }

  /** Closes the sockets whose handshake is under way. */
  close(): void {
    for (const raw of this.#pending) raw.destroy()
  }

  #fail(raw: Socket, code: string): void {
    if (!this.#pending.delete(raw)) return
    raw.destroy()
    this.#options.onFailed(raw, code)
  }

  /** Looks for the exact name, then for a wildcard of its first label; otherwise the default certificate. */
  #contextFor(name: string): SecureContext | undefined {
    const lower = name.toLowerCase()
    return this.#contexts.get(lower) ?? this.#contexts.get(`*${lower.slice(lower.indexOf('.'))}`)
  }

  #contextsOf(material: TlsMaterial): ReadonlyMap<string, SecureContext> {
    const contexts = new Map<string, SecureContext>()
    for (const [index, { names }] of material.certificates.entries()) {
      const context = nodeTls().createSecureContext(this.#contextOptions(material, index))
      for (const name of names) if (!contexts.has(name)) contexts.set(name, context)
    }
    return contexts
  }

  #contextOptions(material: TlsMaterial, index: number) {
    const { minVersion, ciphers } = this.#options
    const certificate = material.certificates[index]
    const is13Named = ciphers?.includes('TLS_') === true
    return {
      cert: certificate?.cert,
      key: certificate?.key,
      ...(material.clientCa === null ? {} : { ca: material.clientCa }),
      minVersion,
      ciphers: is13Named ? ciphers : `${tls13Ciphers}:${ciphers ?? modernCiphers}`,
      honorCipherOrder: true,
      ticketKeys: Buffer.from(material.ticketKeys),
      sessionIdContext: material.sessionIdContext,
    }
  }
}
