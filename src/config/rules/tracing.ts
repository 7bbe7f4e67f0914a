/** Rules for `tracing`. */
import { mountPrefix } from '../address/mount-prefix.ts'
import type { Path } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'

export function checkTracing(
  { isWritten, report }: RuleContext,
  worker: Path,
  tracing: WorkerBlock['block']['tracing'],
): void {
  if (tracing === undefined) return
  const path = [...worker, 'tracing']
  const { formats, routes = [] } = tracing
  const seenFormats = new Set<string>()
  for (const [at, format] of (formats ?? []).entries()) {
    if (format === undefined) continue
    if (seenFormats.has(format)) report([...path, 'formats', at], 'is a duplicate; remove it')
    seenFormats.add(format)
  }
  if (seenFormats.size === 1 && seenFormats.has('baggage')) {
    report([...path, 'formats'], 'has no format for traces; add "tracecontext", "b3" or "b3multi"')
  }
  const seen = new Map<string, number>()
  for (const [at, route] of routes.entries()) {
    const here = [...path, 'routes', at]
    const prefix = route?.path === undefined ? undefined : mountPrefix(route.path)
    const first = prefix === undefined ? undefined : seen.get(prefix)
    if (first !== undefined) {
      report([...here, 'path'], `is also the path of routes[${first}]; give each route its own path`)
    } else if (prefix !== undefined) seen.set(prefix, at)
    const hasEffect = ['sample_ratio', 'context'].some((key) => isWritten([...here, key]))
    if (route?.path !== undefined && !hasEffect) {
      report(here, 'has no effect; add sample_ratio or context, or remove it')
    }
  }
}
