/** The part of the schema that says where a worker listens and what TLS is spoken there. */
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
  cert: file('PEM file with the certificate and, after it, the chain up to the root.'),
  key: file('PEM file with its private key, without a passphrase.'),
  names: z
    .array(certificateName('Host name.'))
    .min(1)
    .max(1000)
    .meta({
      description: 'Host names (SNI) that get this certificate; those that it is made out for when left out.',
      expects: 'a list of host names, such as ["example.com", "*.example.com"]',
    })
    .optional(),
})

/** For an object that says whom it is for. */
export function tlsBlock(description: string) {
  return z
    .strictObject({
      enabled: flag('false: plain text, whatever is said further out.').default(true),
      certificates: z
        .array(certificate)
        .min(1)
        .max(1000)
        .meta({
          description:
            'The first is for clients that name no host, or one that no other certificate has. Required when enabled.',
          expects: 'a list of certificates, such as [{ "cert": "site.pem", "key": "site.key" }]',
        })
        .optional(),
      min_version: z
        .enum(['TLSv1.2', 'TLSv1.3'])
        .meta({
          description: 'Oldest version that is spoken; the newest is TLS 1.3.',
          expects: '"TLSv1.2" or "TLSv1.3"',
        })
        .default('TLSv1.2'),
      ciphers: text(
        'Cipher suites in the order of preference, names of OpenSSL with colons between; when left out those with forward secrecy and authenticated encryption.',
      ).optional(),
      handshake_timeout_secs: seconds('From the start of a connection to the end of the handshake.').default(
        10,
      ),
      client_auth: z
        .enum(['off', 'optional', 'required'])
        .meta({
          description:
            'Whether clients are asked for a certificate, and turned away without a valid one (required).',
          expects: '"off", "optional" or "required"',
        })
        .default('off'),
      client_ca: file('PEM file with the authorities that may have issued them.').optional(),
      client_subject_header: headerName(
        'Request header that tells the upstream the subject of a valid client certificate, such as "X-Client-Subject"; what a client sends under that name is dropped.',
      ).optional(),
    })
    .meta({ description })
}

const listener = z.strictObject({
  address: listenerAddress('Where; port 0 lets the kernel choose.'),
  mode: fileMode('Permissions of a Unix socket; what the umask leaves when left out.').optional(),
  tls: tlsBlock('TLS of this listener.').optional(),
  proxy_protocol: z
    .strictObject({
      trusted: z.array(peers('Who may send it.')).min(1).max(1000).meta({
        description:
          'Addresses and networks of the proxies in front, and "unix:" for those that connect to a Unix socket. Whoever else connects is closed.',
        expects: 'a list of 1 to 1000 addresses or networks, such as ["10.0.0.0/8", "::1"]',
      }),
    })
    .meta({
      description:
        'Every connection begins with a PROXY header, version 1 or 2, which tells where it comes from; without one it is closed.',
    })
    .optional(),
})

export function listeners(description: string) {
  return z.array(listener).min(1).max(100).meta({
    description,
    expects: 'a list of 1 to 100 listeners, such as [{ "address": "0.0.0.0:8080" }]',
  })
}
