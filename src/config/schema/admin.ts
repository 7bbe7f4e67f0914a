/** The part of the schema that says where the admin interface is, and who may use it. */
import { z } from 'zod'
import { certificateName, file, flag, listenerAddress, secret } from './fields.ts'

/** Where admin listens when nothing is said. */
export const adminAddress = '127.0.0.1:9900'

export const admin = z
  .strictObject({
    enabled: flag('Whether health, metrics, status, the charts page and its interface are served.').default(
      true,
    ),
    listen_addr: listenerAddress(
      'Where: host:port, or unix:path of a socket, which only the user of the daemon may use. An address that others can reach needs tls, and token or token_file.',
    ).default(adminAddress),
    token: secret(
      'Who sends it (Authorization: Bearer TOKEN) may change things. Shown as *** only. Made by the daemon, in token_file, when left out.',
    ).optional(),
    token_file: file(
      'File with the token, made with permissions 0600 when it is not there; admin-token in $BIFROST_SECRET_HOME or ~/.bifrost when left out.',
    ).optional(),
    tls: z
      .strictObject({
        cert: file('PEM file with the certificate and, after it, the chain up to the root.'),
        key: file('PEM file with its private key, without a passphrase.'),
      })
      .meta({ description: 'HTTPS instead of HTTP; TLS 1.2 at least.' })
      .optional(),
    hosts: z
      .array(certificateName('Host name.'))
      .max(100)
      .meta({
        description:
          'Names by which a browser may call it, besides IP addresses, localhost and the name in listen_addr; a request for another name is refused (DNS rebinding).',
        expects: 'a list of at most 100 host names, such as ["bridge.example.com"]',
      })
      .default([]),
  })
  .meta({ description: 'Health, metrics, status and the charts page.' })
  .prefault({})
