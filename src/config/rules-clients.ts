/** Rules over the keys that are about who sends a request, and over secrets. */
import { BifrostError } from '../errors.ts'
import type { Path } from './problem.ts'
import type { RuleContext, WorkerBlock } from './rules.ts'

export function checkClients(context: RuleContext, path: Path, { access, auth }: WorkerBlock['block']): void {
  const { isWritten, report } = context
  const here = [...path, 'access']
  const isGiven = (list: readonly unknown[] | undefined, key: string) =>
    (list?.length ?? 0) > 0 || (list === undefined && isWritten([...here, key]))
  if (access !== undefined && !isGiven(access.allow, 'allow') && !isGiven(access.deny, 'deny')) {
    report(here, 'admits everybody; add allow or deny, such as "allow": ["10.0.0.0/8"], or remove it')
  }
  const seen = new Map<string, number>()
  for (const [at, user] of (auth?.users ?? []).entries()) {
    const place = [...path, 'auth', 'users', at]
    const first = user?.name === undefined ? undefined : seen.get(user.name)
    if (first !== undefined)
      report([...place, 'name'], `is the name of users[${first}] too; keep one of them`)
    else if (user?.name !== undefined) seen.set(user.name, at)
    opened(context, [...place, 'password'], user?.password)
  }
}

export function checkToken(context: RuleContext): void {
  const path = ['admin', 'token']
  const token = opened(context, path, context.config.admin?.token)
  if (token !== undefined && !/^[\x21-\x7e]{16,}$/.test(token)) {
    context.report(path, 'is not usable; must be at least 16 visible ASCII characters when it is decrypted')
  }
}

function opened({ keyring, report }: RuleContext, path: Path, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    return keyring.open(value)
  } catch (error) {
    if (!(error instanceof BifrostError)) throw error
    report(path, error.message)
    return undefined
  }
}
