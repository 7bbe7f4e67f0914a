/** TLS to upstreams: whom to verify, what to offer, and the sessions to resume. */
import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'

export interface TlsTarget {
  /**
   * Name that the certificate must have, and that is sent (SNI) unless it is an IP address; default: the host
   * of the target. A client's Host field must never get here, as it would choose the accepted certificate.
   */
  readonly serverName?: string | undefined
  /** Offered protocols (ALPN); default: `http/1.1`. */
  readonly protocols?: readonly string[] | undefined
  /** Trust anchors that replace the system's; verification cannot be switched off. One for all of `sessions`. */
  readonly ca?: string | Buffer | undefined
  /** Sessions of the owner's earlier connections; without it every handshake is a full one. */
  readonly sessions?: TlsSessions | undefined
}

/** More origins than this at a time use full handshakes. */
const maxSessions = 256

/**
 * The last TLS session of each origin, and the trust anchors. An owner has its own, so that no session crosses
 * services.
 */
export class TlsSessions {
  readonly #sessions = new Map<string, Buffer>()
  #context: SecureContext | null = null

  /** Made once, as reading the trust anchors takes 140 us: a third of a handshake. */
  contextOf(ca: string | Buffer | undefined): SecureContext {
    this.#context ??= createContext(ca)
    return this.#context
  }

  get(origin: string): Buffer | undefined {
    return this.#sessions.get(origin)
  }

  /** Keeps the newest ones. */
  set(origin: string, session: Buffer): void {
    this.#sessions.delete(origin)
    this.#sessions.set(origin, session)
    if (this.#sessions.size <= maxSessions) return
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest)
      return
    }
  }

  delete(origin: string): void {
    this.#sessions.delete(origin)
  }
}

const createContext = (ca: string | Buffer | undefined): SecureContext =>
  createSecureContext(ca === undefined ? {} : { ca })

/** Options of `tls.connect`, without the socket. */
export function tlsOptions(
  host: string,
  { serverName, protocols, ca, sessions }: TlsTarget,
): ConnectionOptions {
  // The root label's dot belongs neither to SNI (RFC 6066 3) nor to a certificate.
  const name = (serverName ?? host).replace(/\.$/, '')
  return {
    // Checked against the IP entries of the certificate if there is no server name.
    host: name,
    servername: isIP(name) === 0 ? name : '',
    secureContext: sessions?.contextOf(ca) ?? createContext(ca),
    ALPNProtocols: [...(protocols ?? ['http/1.1'])],
    rejectUnauthorized: true,
  }
}
