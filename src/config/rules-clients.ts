/** Rules over the keys that are about who sends a request. */
import type { Path } from './problem.ts'
import type { RuleContext, WorkerBlock } from './rules.ts'

export function checkClients(
  { isWritten, report }: RuleContext,
  path: Path,
  { access }: WorkerBlock['block'],
): void {
  const here = [...path, 'access']
  const isGiven = (list: readonly unknown[] | undefined, key: string) =>
    (list?.length ?? 0) > 0 || (list === undefined && isWritten([...here, key]))
  if (access !== undefined && !isGiven(access.allow, 'allow') && !isGiven(access.deny, 'deny')) {
    report(here, 'admits everybody; add allow or deny, such as "allow": ["10.0.0.0/8"], or remove it')
  }
}
