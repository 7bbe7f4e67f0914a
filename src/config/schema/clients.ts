/** The part of the schema that is about who sends a request: who is believed, and what is said of it. */
import { z } from 'zod'
import { flag, integer, mountPath, password, peers, seconds, userName } from './fields.ts'
import { tracing } from './tracing.ts'

const believe = z
  .enum(['x_forwarded', 'forwarded'])
  .meta({
    description:
      'Which field trusted_proxies set; what comes in the other one is left out, and made from this one.',
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
      description: 'What clients are told that the password is for.',
      expects: 'text of 1 to 128 characters, visible ASCII',
    })
    .default('Bifrost Bridge'),
  users: z
    .array(
      z.strictObject({
        name: userName('Who.'),
        password: password('Hash or encrypted text of the password. Shown as *** only.'),
      }),
    )
    .min(1)
    .max(10_000)
    .meta({
      description: 'Who is let in.',
      expects: 'a list of 1 to 10000 users, such as [{ "name": "alice", "password": "$2b$10$..." }]',
    }),
  cache_secs: seconds(
    'For how long a right password is remembered, so that its hash is not computed for every request; a wrong one is for 5 seconds at most.',
  ).default(300),
}

const authNotes = {
  description:
    'Basic authentication: 401 for reverse proxy and static files, 407 for the forward proxy. Nobody is asked when left out.',
}

/** In front of an upstream that may want the credentials itself. */
export const reverseAuth = z
  .strictObject({
    ...auth,
    forward_credentials: flag(
      'Whether the upstream is sent the Authorization field that was asked for here.',
    ).default(false),
  })
  .meta(authNotes)
  .optional()

const rate = {
  limit: integer(1, 1_000_000_000, { description: 'Requests for each window; they come evenly.' }),
  window_secs: seconds('The window.'),
  burst: integer(1, 1_000_000_000, {
    description: 'Requests that may come at once after a rest; limit when left out.',
  }).optional(),
  key: z
    .enum(['client', 'user', 'header'])
    .meta({
      description:
        'What is counted by: the address of the client (IPv6: its /64), the user of auth, or a field of the request. A request without user or field counts for its client.',
      expects: '"client", "user" or "header"',
    })
    .default('client'),
  header: z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~\w]{1,128}$/)
    .meta({
      description: 'The field, when key is "header". A client can write what it likes into it.',
      expects: 'the name of a header field, such as "X-Api-Key"',
    })
    .optional(),
}

const rateLimiting = z
  .strictObject({
    enabled: flag('Whether it holds.').default(true),
    default_limit: z
      .strictObject(rate)
      .meta({ description: 'For every request; announced as "default".' })
      .optional(),
    rules: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^[\w.:-]{1,64}$/)
            .meta({
              description: 'Its name, which clients are told.',
              expects: 'text of 1 to 64 letters, digits and . _ : -',
            }),
          ...rate,
          path_prefix: mountPath(
            'Path, with what lies below it, in any case and spelling; a path that servers read in different ways, such as one with .., counts for every rule. Every path, and CONNECT, when left out.',
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
              description: 'Methods; all when left out.',
              expects: 'a list of 1 to 32 methods, such as ["POST", "PUT"]',
            })
            .optional(),
        }),
      )
      .max(100)
      .meta({
        description:
          'Further limits. A request needs a token of each that applies to it, and takes none when one is missing.',
        expects:
          'a list of at most 100 rules, such as [{ "id": "login", "limit": 5, "window_secs": 60, "path_prefix": "/login" }]',
      })
      .default([]),
    max_keys: integer(1, 10_000_000, {
      description:
        'Keys of a rule that are counted apart at the same time; those beyond share 1024 counts. About 100 bytes each.',
    }).default(100_000),
    announce: flag(
      'Whether every response says what is left (RateLimit and RateLimit-Policy), and not a 429 alone.',
    ).default(false),
  })
  .meta({
    description:
      'How often it may be asked. Requests beyond are answered 429 with Retry-After; several instances have equal shares.',
  })
  .optional()

/** What every worker has. */
export const clients = {
  trusted_proxies: z
    .array(peers('Address or network of a proxy in front, or unix:.'))
    .max(1000)
    .meta({
      description:
        'Addresses and networks of proxies in front of this one; "unix:" for those that connect to a Unix socket. What they say of where a request comes from (X-Forwarded-*, Forwarded, X-Request-Id) is believed and continued; what anybody else says is left out. A request of theirs whose X-Forwarded-For (or Forwarded, as forwarding.believe says) has no valid element is answered 400.',
      expects: 'a list of at most 1000 addresses or networks, such as ["10.0.0.0/8", "::1"]',
    })
    .default([]),
  access: z
    .strictObject({
      allow: networks('Clients that are admitted; everybody who is not denied when it is empty.'),
      deny: networks('Clients that are not, also when a network in allow has them.'),
    })
    .meta({
      description:
        'Who may use the worker, by the address of the client: who connects, or whom trusted_proxies have named. The others are answered 403.',
    })
    .optional(),
  auth: z.strictObject(auth).meta(authNotes).optional(),
  rate_limiting: rateLimiting,
  tracing,
  request_id: z
    .strictObject({
      enabled: flag('Whether there are request ids.').default(true),
      in_response: flag('Whether responses show it, as X-Request-Id.').default(false),
    })
    .meta({
      description:
        "An id for each request, in the log and in X-Request-Id to the upstream: the one that a trusted proxy has sent, else a new one. Left out: none is made, and a client's X-Request-Id passes as it is.",
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
          'What upstreams are told of where a request comes from: X-Forwarded-For, -Proto and -Host, Forwarded (RFC 7239), both in step, or nothing.',
        expects: '"both", "x_forwarded", "forwarded" or "none"',
      })
      .default('both'),
    believe,
    client: z
      .enum(['address', 'obfuscated', 'unknown'])
      .meta({
        description:
          'How they name who connects here: by its address, by a random name for each connection, or as "unknown".',
        expects: '"address", "obfuscated" or "unknown"',
      })
      .default('address'),
  })
  .prefault({})
