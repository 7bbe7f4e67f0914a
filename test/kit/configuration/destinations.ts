/**
 * Opens this machine to forward proxies in tests, on ports chosen by the kernel. The product itself refuses
 * such destinations.
 */
export const opensLoopback = {
  allow: ['127.0.0.0/8', '[::1]'],
  connect_ports: ['1-65535'],
} as const

interface Given {
  readonly mode?: string
  readonly workers?: { readonly forward_proxy?: object }
}

/** Allows loopback to a forward proxy that does not configure its destinations. */
export function withLoopback(config: object): object {
  const { mode, workers = {} }: Given = config
  if (workers.forward_proxy === undefined && mode !== 'Forward') return config
  const forward = { destinations: opensLoopback, ...workers.forward_proxy }
  return { ...config, workers: { ...workers, forward_proxy: forward } }
}
