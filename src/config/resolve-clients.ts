import { passwordForm } from './password.ts'
import type { Config } from './schema.ts'
import type { AuthSettings, ForwardingSettings, ServiceSettings } from './settings.ts'

type Workers = Config['workers']
type Proxy = NonNullable<Workers['forward_proxy'] | Workers['reverse_proxy']>
type Worker = Proxy | NonNullable<Workers['static_files']>

/** Decrypts an `{encrypted}` value. */
export type Open = (value: string) => string

/** What a worker's block says of those who send its requests. */
export function clientSettings(
  block: Worker,
  open: Open,
): Pick<ServiceSettings, 'trust' | 'requestId' | 'access' | 'auth'> {
  const { trusted_proxies, forwarding, request_id: id, access, auth } = block
  return {
    trust: { proxies: trusted_proxies, believes: forwarding.believe },
    access: access ?? null,
    auth: auth === undefined ? null : authSettings(auth, open),
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

export function forwardingSettings({ forwarding: { send, client } }: Proxy): ForwardingSettings {
  return {
    xForwarded: send === 'both' || send === 'x_forwarded',
    forwarded: send === 'both' || send === 'forwarded',
    names: client,
  }
}
