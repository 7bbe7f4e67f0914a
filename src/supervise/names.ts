/**
 * The worker that an actor belongs to, by its id: `supervisor:reverse_proxy`, `reverse_proxy#3`, `reverse_proxy#3/reverse`,
 * `listener:reverse_proxy/0/0`. Null for those of the daemon.
 */
export function workerOf(actor: string): string | null {
  return (
    /^supervisor:(.+)$/.exec(actor)?.[1] ??
    /^listener:([^/]+)\//.exec(actor)?.[1] ??
    /^([^:#/]+)#/.exec(actor)?.[1] ??
    null
  )
}
