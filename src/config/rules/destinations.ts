/** Rules for the entries of `destinations`. */
import { parseDestination } from '../address/destination.ts'
import { type Path, show } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'

/** Names that are loopback on every machine (RFC 6761 6.3); host patterns do not open loopback. */
const localName = /^(?:(?:.+\.)?localhost)$/

export function checkDestinations(
  { report }: RuleContext,
  path: Path,
  { destinations }: WorkerBlock<'forward_proxy'>['block'],
): void {
  for (const [at, text] of (destinations?.allow ?? []).entries()) {
    const entry = text === undefined ? undefined : parseDestination(text).entry
    if (entry?.host == null || !localName.test(entry.host)) continue
    const port = entry.port === null ? '' : `:${entry.port}`
    report(
      [...path, 'destinations', 'allow', at],
      `is ${show(text)}; a host pattern opens private networks only, and this one is loopback; write "127.0.0.0/8${port}" and "[::1]${port}"`,
    )
  }
}
