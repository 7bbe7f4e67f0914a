/** The blocks `listeners` and `tls`: listen addresses, TLS and PROXY protocol. */
import { z } from 'zod'
import {
  certificateName,
  file,
  fileMode,
  flag,
  headerName,
  listenerAddress,
  peers,
  seconds,
  text,
} from './fields.ts'

const certificate = z.strictObject({
  cert: file('PEM file with the certificate, followed by its chain.'),
  key: file('PEM file with the private key, without a passphrase.'),
  names: z
    .array(certificateName('Host name.'))
    .min(1)
    .max(1000)
    .meta({
      description: 'Host names (SNI) that get this certificate. Default: the names in the certificate.',
      expects: 'a list of host names, such as ["example.com", "*.example.com"]',
    })
    .optional(),
})

/** `description` says which listeners it is for. */
export function tlsBlock(description: string) {
  return z
    .strictObject({
      enabled: flag('false: no TLS, even if an outer level configures it.').default(true),
      certificates: z
        .array(certificate)
        .min(1)
        .max(1000)
        .meta({
          description:
            'The first one is for clients without SNI or with an unknown name. Required if enabled.',
          expects: 'a list of certificates, such as [{ "cert": "site.pem", "key": "site.key" }]',
        })
        .optional(),
      min_version: z
        .enum(['TLSv1.2', 'TLSv1.3'])
        .meta({
          description: 'Oldest accepted version; the newest is TLS 1.3.',
          expects: '"TLSv1.2" or "TLSv1.3"',
        })
        .default('TLSv1.2'),
      ciphers: text(
        'Cipher suites by preference: OpenSSL names, separated by colons. Default: suites with forward secrecy and authenticated encryption.',
      ).optional(),
      handshake_timeout_secs: seconds(
        'Longest time from the start of a connection to the end of the handshake.',
      ).default(10),
      client_auth: z
        .enum(['off', 'optional', 'required'])
        .meta({
          description:
            'Whether to request client certificates; required rejects clients without a valid one.',
          expects: '"off", "optional" or "required"',
        })
        .default('off'),
      client_ca: file('PEM file with the certificate authorities of clients.').optional(),
      client_subject_header: headerName(
        'Request header field with the subject of a valid client certificate, such as "X-Client-Subject". The field is dropped from client requests.',
      ).optional(),
    })
    .meta({ description })
}

const listener = z.strictObject({
  address: listenerAddress('Address; port 0 lets the kernel choose.'),
  mode: fileMode('Permissions of a Unix socket. Default: from the umask.').optional(),
  tls: tlsBlock('TLS of this listener.').optional(),
  proxy_protocol: z
    .strictObject({
      trusted: z.array(peers('Address or network of a proxy that may send it.')).min(1).max(1000).meta({
        description:
          'Addresses and networks of the proxies in front; "unix:" for peers on a Unix socket. Connections of other peers are closed.',
        expects: 'a list of 1 to 1000 addresses or networks, such as ["10.0.0.0/8", "::1"]',
      }),
    })
    .meta({
      description:
        'Requires a PROXY header (version 1 or 2) with the client address at the start of every connection; connections without it are closed.',
    })
    .optional(),
})

export function listeners(description: string) {
  return z.array(listener).min(1).max(100).meta({
    description,
    expects: 'a list of 1 to 100 listeners, such as [{ "address": "0.0.0.0:8080" }]',
  })
}
