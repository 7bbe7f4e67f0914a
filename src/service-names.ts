/**
 * Names of the services: `key` in the configuration, `/health` and logs, `mode` in the configuration, `proxyType` in the
 * library and in parity metrics (seed S031).
 */
export const serviceNames = {
  forward: { key: 'forward_proxy', mode: 'Forward', proxyType: 'ForwardProxy' },
  reverse: { key: 'reverse_proxy', mode: 'Reverse', proxyType: 'ReverseProxy' },
  static: { key: 'static_files', mode: 'Static', proxyType: 'StaticFiles' },
  combined: { key: 'combined', mode: 'Combined', proxyType: 'Combined' },
} as const
