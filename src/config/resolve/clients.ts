/** Settings about clients: trust, access, authentication, rate limits, forwarding fields. */
import { mountPrefix } from '../address/mount-prefix.ts'
import type { Config } from '../schema/schema.ts'
import { passwordForm } from '../secrets/password.ts'
import type {
  AuthSettings,
  ForwardingSettings,
  RateRule,
  RateSettings,
  ServiceSettings,
} from '../settings/settings.ts'

type Workers = Config['workers']
type Proxy = NonNullable<Workers['forward_proxy'] | Workers['reverse_proxy']>
type Worker = Proxy | NonNullable<Workers['static_files']>

/** Decrypts an `{encrypted}` value. */
export type Open = (value: string) => string

/** Resolves the keys about clients of a worker block. */
export function clientSettings(
  block: Worker,
  open: Open,
): Pick<ServiceSettings, 'trust' | 'requestId' | 'access' | 'auth' | 'rates'> {
  const { trusted_proxies, forwarding, request_id: id, access, auth, rate_limiting: rates } = block
  return {
    trust: { proxies: trusted_proxies, believes: forwarding.believe },
    access: access ?? null,
    auth: auth === undefined ? null : authSettings(auth, open),
    rates: rates?.enabled ? rateSettings(rates) : null,
    requestId: id?.enabled ? { inResponse: id.in_response } : null,
  }
}

function authSettings(auth: NonNullable<Worker['auth']>, open: Open): AuthSettings {
  return {
    realm: auth.realm,
    users: auth.users.map(({ name, password }) => ({
      name,
      password: { form: passwordForm(password) ?? 'plain', text: open(password) },
    })),
    cacheMs: Math.round(auth.cache_secs * 1000),
    forwards: 'forward_credentials' in auth && auth.forward_credentials === true,
  }
}

type Rates = NonNullable<Worker['rate_limiting']>

function rateSettings({ default_limit, rules, max_keys, announce }: Rates): RateSettings {
  const all = default_limit === undefined ? rules : [{ id: 'default', ...default_limit }, ...rules]
  return { rules: all.map(rateRule), maxKeys: max_keys, announces: announce }
}

function rateRule(rule: Rates['rules'][number]): RateRule {
  const { id, limit, burst = limit, path_prefix: path, methods, key, header } = rule
  return {
    id,
    quota: limit,
    limit,
    windowMs: Math.round(rule.window_secs * 1000),
    burst,
    pathPrefix: path === undefined ? null : Buffer.from(mountPrefix(path)).toString('latin1'),
    methods: methods ?? null,
    key,
    header: header?.toLowerCase() ?? null,
  }
}

export function forwardingSettings({ forwarding: { send, client } }: Proxy): ForwardingSettings {
  return {
    xForwarded: send === 'both' || send === 'x_forwarded',
    forwarded: send === 'both' || send === 'forwarded',
    names: client,
  }
}
