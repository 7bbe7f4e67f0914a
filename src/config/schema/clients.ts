/** The keys about clients: trusted proxies, access, authentication, rate limits, forwarding fields, request ids. */
import { z } from 'zod'
import { flag, integer, mountPath, password, peers, seconds, userName } from './fields.ts'
import { tracing } from './tracing.ts'

const believe = z
  .enum(['x_forwarded', 'forwarded'])
  .meta({
    description: 'Which field trusted_proxies set. The other one is dropped and derived from this one.',
    expects: '"x_forwarded" or "forwarded"',
  })
  .default('x_forwarded')

const networks = (description: string) =>
  z
    .array(peers('Address or network of clients, or unix:.'))
    .max(10_000)
    .meta({
      description,
      expects: 'a list of at most 10000 addresses or networks, such as ["10.0.0.0/8", "::1"]',
    })
    .default([])

const auth = {
  realm: z
    .string()
    .regex(/^[\x20-\x7e]{1,128}$/)
    .meta({
      description: 'Protection space that clients show in their password prompt.',
      expects: 'text of 1 to 128 characters, visible ASCII',
    })
    .default('Bifrost Bridge'),
  users: z
    .array(
      z.strictObject({
        name: userName('User name.'),
        password: password('Hash or encrypted text of the password. Shown as ***.'),
      }),
    )
    .min(1)
    .max(10_000)
    .meta({
      description: 'Users that are admitted.',
      expects: 'a list of 1 to 10000 users, such as [{ "name": "alice", "password": "$2b$10$..." }]',
    }),
  cache_secs: seconds(
    'How long a correct password is cached, so that not every request computes its hash; a wrong one is cached for at most 5 seconds.',
  ).default(300),
}

const authNotes = {
  description:
    'Basic authentication: 401 from reverse proxy and static files, 407 from the forward proxy. Default: none.',
}

/** `auth` of a reverse proxy, whose upstream may need the credentials too. */
export const reverseAuth = z
  .strictObject({
    ...auth,
    forward_credentials: flag('Whether to send the Authorization field to the upstream.').default(false),
  })
  .meta(authNotes)
  .optional()

const rate = {
  limit: integer(1, 1_000_000_000, { description: 'Requests per window; the allowance refills evenly.' }),
  window_secs: seconds('Length of the window.'),
  burst: integer(1, 1_000_000_000, {
    description: 'Requests that may arrive at once after a pause. Default: limit.',
  }).optional(),
  key: z
    .enum(['client', 'user', 'header'])
    .meta({
      description:
        'What requests are counted by: client address (IPv6: its /64), user of auth, or a request header field. A request without user or field counts for its client.',
      expects: '"client", "user" or "header"',
    })
    .default('client'),
  header: z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~\w]{1,128}$/)
    .meta({
      description: 'Header field for key "header". Clients can send any value in it.',
      expects: 'the name of a header field, such as "X-Api-Key"',
    })
    .optional(),
}

const rateLimiting = z
  .strictObject({
    enabled: flag('Whether the limits apply.').default(true),
    default_limit: z
      .strictObject(rate)
      .meta({ description: 'Limit for every request; announced as "default".' })
      .optional(),
    rules: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^[\w.:-]{1,64}$/)
            .meta({
              description: 'Name of the rule, announced to clients.',
              expects: 'text of 1 to 64 letters, digits and . _ : -',
            }),
          ...rate,
          path_prefix: mountPath(
            'Path and everything below it, in any case and spelling. An ambiguous path, such as one with .., counts for every rule. Default: every path, and CONNECT.',
          ).optional(),
          methods: z
            .array(
              z
                .string()
                .regex(/^[!#$%&'*+\-.^_`|~0-9A-Z]{1,32}$/)
                .meta({ description: 'Method.', expects: 'a method in capital letters, such as "POST"' }),
            )
            .min(1)
            .max(32)
            .meta({
              description: 'Methods. Default: all.',
              expects: 'a list of 1 to 32 methods, such as ["POST", "PUT"]',
            })
            .optional(),
        }),
      )
      .max(100)
      .meta({
        description:
          'Further limits. A request needs a token of every rule that applies; if one is missing, it takes none.',
        expects:
          'a list of at most 100 rules, such as [{ "id": "login", "limit": 5, "window_secs": 60, "path_prefix": "/login" }]',
      })
      .default([]),
    max_keys: integer(1, 10_000_000, {
      description:
        'Keys of a rule with a counter of their own, about 100 bytes each; further keys share 1024 counters.',
    }).default(100_000),
    announce: flag(
      'Whether every response, not only 429, has RateLimit and RateLimit-Policy fields.',
    ).default(false),
  })
  .meta({
    description:
      'Rate limits. Requests beyond a limit get 429 with Retry-After; instances have equal shares.',
  })
  .optional()

/** Keys of every worker. */
export const clients = {
  trusted_proxies: z
    .array(peers('Address or network of a proxy in front, or unix:.'))
    .max(1000)
    .meta({
      description:
        'Addresses and networks of proxies in front; "unix:" for peers on a Unix socket. Their X-Forwarded-*, Forwarded and X-Request-Id fields are trusted and extended; those of other clients are dropped. If the field that forwarding.believe selects has no valid element, a request of a trusted proxy gets 400.',
      expects: 'a list of at most 1000 addresses or networks, such as ["10.0.0.0/8", "::1"]',
    })
    .default([]),
  access: z
    .strictObject({
      allow: networks('Clients to admit. Default: all that are not denied.'),
      deny: networks('Clients to reject; takes precedence over allow.'),
    })
    .meta({
      description:
        'Which client addresses may use the worker; behind trusted_proxies, the address that they report. Other clients get 403.',
    })
    .optional(),
  auth: z.strictObject(auth).meta(authNotes).optional(),
  rate_limiting: rateLimiting,
  tracing,
  request_id: z
    .strictObject({
      enabled: flag('Whether requests have ids.').default(true),
      in_response: flag('Whether responses contain it, as X-Request-Id.').default(false),
    })
    .meta({
      description:
        'Request ids, in the log and in X-Request-Id to the upstream: the id from a trusted proxy, otherwise a new one. Default: none; X-Request-Id of clients is forwarded unchanged.',
    })
    .optional(),
}

export const staticForwarding = z.strictObject({ believe }).prefault({})

export const proxyForwarding = z
  .strictObject({
    send: z
      .enum(['both', 'x_forwarded', 'forwarded', 'none'])
      .meta({
        description:
          'Which fields describe the client to upstreams: X-Forwarded-For, -Proto and -Host, Forwarded (RFC 7239), both, or none.',
        expects: '"both", "x_forwarded", "forwarded" or "none"',
      })
      .default('both'),
    believe,
    client: z
      .enum(['address', 'obfuscated', 'unknown'])
      .meta({
        description:
          'How these fields name the client: by address, by a random name per connection, or as "unknown".',
        expects: '"address", "obfuscated" or "unknown"',
      })
      .default('address'),
  })
  .prefault({})
