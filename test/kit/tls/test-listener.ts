/** The TLS listener of a data plane in tests, with the self-signed certificate. */
import { randomBytes } from 'node:crypto'
import type { TlsSettings } from '../../../src/config/settings/settings.ts'
import type { TlsMaterial } from '../../../src/tls/material.ts'
import { selfSigned } from './self-signed.ts'

export const tlsListenerSettings: TlsSettings = {
  certificates: [{ certFile: '/unread.pem', keyFile: '/unread.key', names: null }],
  minVersion: 'TLSv1.2',
  ciphers: null,
  handshakeMs: 10_000,
  clients: null,
}

/** Material for these settings, as main passes it to an instance. */
export const tlsListenerMaterial = (): TlsMaterial => ({
  certificates: [{ ...selfSigned, names: ['localhost'] }],
  clientCa: null,
  ticketKeys: randomBytes(48),
  sessionIdContext: 'test',
})
