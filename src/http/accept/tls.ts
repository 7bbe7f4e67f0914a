/**
 * TLS of one listener, by Node's own server, which never listens: accepted sockets are handed to it.
 *
 *   accept(raw) -> handshake in time, client certificate as asked? -> onSecure(raw, secure)
 *                    '- no: closed without a word, onFailed
 */
import type { Socket } from 'node:net'
import type { SecureContext, Server, TLSSocket } from 'node:tls'
import type { TlsMaterial } from '../../tls/material.ts'
import { nodeTls } from '../builtin.ts'
import { systemCode } from '../failure.ts'

export interface TerminatorOptions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Null: the modern list. */
  readonly ciphers: string | null
  /** From `accept` to the end of the handshake; bytes that trickle in do not extend it. */
  readonly handshakeMs: number
  readonly clientAuth: 'off' | 'optional' | 'required'
  /** Application protocols in the order of preference (ALPN, RFC 7301). A client that asks for none of them is turned away. */
  readonly protocols: readonly string[]
  readonly onSecure: (raw: Socket, secure: TLSSocket) => void
  /** `raw` is closed. `code` is OpenSSL's or Node's. */
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

/** The raw socket below; documented by its use in Node's own source only. */
type Layered = TLSSocket & { readonly _parent?: Socket }

export class TlsTerminator {
  readonly #options: TerminatorOptions
  readonly #server: Server
  /** Sockets whose handshake is not over. */
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
    this.#server.on('secureConnection', (secure: Layered) => {
      const raw = secure._parent
      if (raw === undefined || !this.#pending.delete(raw)) secure.destroy()
      else options.onSecure(raw, secure)
    })
    this.#server.on('tlsClientError', (error, secure: Layered) => {
      const raw = secure._parent
      secure.destroy()
      if (raw !== undefined) this.#fail(raw, systemCode(error))
    })
  }

  accept(raw: Socket): void {
    this.#pending.add(raw)
    // Else a client that ends within the handshake would be waited for until its deadline.
    raw.allowHalfOpen = false
    raw.once('close', () => this.#fail(raw, 'ECONNRESET'))
    this.#server.emit('connection', raw)
  }

  /** For handshakes that begin from now on. Throws when OpenSSL does not take it; then what was there goes on. */
  update(material: TlsMaterial): void {
    const contexts = this.#contextsOf(material)
    this.#server.setSecureContext(this.#contextOptions(material, 0))
    this.#contexts = contexts
  }

  /** Ends the handshakes that are not over. */
  close(): void {
    for (const raw of this.#pending) raw.destroy()
  }

  #fail(raw: Socket, code: string): void {
    if (!this.#pending.delete(raw)) return
    raw.destroy()
    this.#options.onFailed(raw, code)
  }

  /** Exact names first, then a wildcard for the first label; else the default certificate. */
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
