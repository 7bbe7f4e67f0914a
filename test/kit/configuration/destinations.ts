/** What forward proxies of the tests may dial: this machine, on ports of the kernel's choice. The product itself refuses all of it. */
export const opensLoopback = {
  allow: ['127.0.0.0/8', '[::1]'],
  connect_ports: ['1-65535'],
} as const

interface Given {
  readonly mode?: string
  readonly workers?: { readonly forward_proxy?: object }
}

/** A configuration whose forward proxy, where it says nothing of destinations, may dial this machine. */
export function withLoopback(config: object): object {
  const { mode, workers = {} }: Given = config
  if (workers.forward_proxy === undefined && mode !== 'Forward') return config
  const forward = { destinations: opensLoopback, ...workers.forward_proxy }
  return { ...config, workers: { ...workers, forward_proxy: forward } }
}
