import type { Config } from './schema.ts'
import type { ForwardingSettings, ServiceSettings } from './settings.ts'

type Workers = Config['workers']
type Proxy = NonNullable<Workers['forward_proxy'] | Workers['reverse_proxy']>
type Worker = Proxy | NonNullable<Workers['static_files']>

/** What a worker's block says of those who send its requests. */
export function clientSettings(block: Worker): Pick<ServiceSettings, 'trust' | 'requestId' | 'access'> {
  const { trusted_proxies, forwarding, request_id: id, access } = block
  return {
    trust: { proxies: trusted_proxies, believes: forwarding.believe },
    access: access ?? null,
    requestId: id?.enabled ? { inResponse: id.in_response } : null,
  }
}

export function forwardingSettings({ forwarding: { send, client } }: Proxy): ForwardingSettings {
  return {
    xForwarded: send === 'both' || send === 'x_forwarded',
    forwarded: send === 'both' || send === 'forwarded',
    names: client,
  }
}
