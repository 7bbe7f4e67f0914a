/** The block `admin`: address, token, TLS and hostnames of the admin interface. */
import { z } from 'zod'
import { certificateName, file, flag, listenerAddress, secret } from './fields.ts'

/** Default address of the admin interface. */
export const adminAddress = '127.0.0.1:9900'

export const admin = z
  .strictObject({
    enabled: flag('Whether to serve health, metrics, status, the charts page and its API.').default(true),
    listen_addr: listenerAddress(
      "host:port, or unix:path of a socket for the daemon's user only. An address that other machines can reach needs tls, and token or token_file.",
    ).default(adminAddress),
    token: secret(
      'Token that permits changes (Authorization: Bearer TOKEN). Shown as ***. Default: the daemon generates one in token_file.',
    ).optional(),
    token_file: file(
      'File with the token, created with permissions 0600 if missing. Default: admin-token in $BIFROST_SECRET_HOME or ~/.bifrost.',
    ).optional(),
    tls: z
      .strictObject({
        cert: file('PEM file with the certificate, followed by its chain.'),
        key: file('PEM file with the private key, without a passphrase.'),
      })
      .meta({ description: 'Serves HTTPS instead of HTTP; TLS 1.2 or later.' })
      .optional(),
    hosts: z
      .array(certificateName('Host name.'))
      .max(100)
      .meta({
        description:
          'Host names that requests may use besides IP addresses, localhost and the name in listen_addr; others are refused (DNS rebinding).',
        expects: 'a list of at most 100 host names, such as ["bridge.example.com"]',
      })
      .default([]),
  })
  .meta({ description: 'Health, metrics, status and the charts page.' })
  .prefault({})
