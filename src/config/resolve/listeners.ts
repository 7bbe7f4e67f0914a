/** Settings of listeners and their TLS. */
import { parseAddress, parseListenerAddress } from '../address/address.ts'
import type { Config } from '../schema/schema.ts'
import type { ListenAddress, ListenerAddress, ListenerSettings, TlsSettings } from '../settings/settings.ts'

type Listener = NonNullable<Config['listeners']>[number]
type Tls = NonNullable<Config['tls']>

/** Listeners of a worker or of the top level; `tls` applies to those without their own. */
export function listenersOf(block: {
  readonly listen_addr?: string | undefined
  readonly listeners?: Config['listeners']
  readonly tls?: Config['tls']
}): readonly ListenerSettings[] {
  const first = block.listen_addr === undefined ? [] : [{ address: block.listen_addr }]
  return [...first, ...(block.listeners ?? [])].map((listener) => listenerOf(listener, block.tls))
}

function listenerOf(listener: Listener, around: Tls | undefined): ListenerSettings {
  const address = toListenerAddress(listener.address)
  const mode = listener.mode === undefined ? {} : { mode: Number.parseInt(listener.mode, 8) }
  const tls = tlsSettings(listener.tls ?? around)
  const proxyProtocol = listener.proxy_protocol
  return {
    ...address,
    ...mode,
    ...(tls === null ? {} : { tls }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
  }
}

function tlsSettings(tls: Tls | undefined): TlsSettings | null {
  if (tls === undefined || !tls.enabled) return null
  return {
    certificates: (tls.certificates ?? []).map(({ cert, key, names }) => ({
      certFile: cert,
      keyFile: key,
      names: names ?? null,
    })),
    minVersion: tls.min_version,
    ciphers: tls.ciphers ?? null,
    handshakeMs: toMs(tls.handshake_timeout_secs),
    clients:
      tls.client_auth === 'off' || tls.client_ca === undefined
        ? null
        : {
            caFile: tls.client_ca,
            isRequired: tls.client_auth === 'required',
            subjectHeader: tls.client_subject_header ?? null,
          },
  }
}

export function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

export function toListenerAddress(text: string): ListenerAddress {
  const { address, fault } = parseListenerAddress(text)
  if (address === undefined) throw new TypeError(`unchecked address ${text}: ${fault}`)
  return address
}

export function toListenAddress(text: string): ListenAddress {
  const { address, fault } = parseAddress(text)
  if (address === undefined) throw new TypeError(`unchecked address ${text}: ${fault}`)
  return address
}
