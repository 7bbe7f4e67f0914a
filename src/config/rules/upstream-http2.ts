/** The rule for HTTP/2 to the upstream of a reverse proxy. */
import type { Path } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'

/** HTTP/2 is negotiated within TLS (ALPN), so a cleartext target would silently stay with HTTP/1.1. */
export function checkUpstreamHttp2(
  { report }: RuleContext,
  path: Path,
  { target, upstream_http2: isWanted }: WorkerBlock<'reverse_proxy'>['block'],
): void {
  if (isWanted !== true || target === undefined || /^https:/i.test(target)) return
  report(
    [...path, 'upstream_http2'],
    `is true, but HTTP/2 needs TLS and the target is ${target}; use an https: target, or remove it`,
  )
}
