/** Rules for access, authentication, rate limits and the admin token. */
import { BifrostError } from '../../errors.ts'
import type { Path } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'

export function checkClients(
  context: RuleContext,
  path: Path,
  { access, auth, rate_limiting: rates }: WorkerBlock['block'],
): void {
  const { isWritten, report } = context
  const here = [...path, 'access']
  const isGiven = (list: readonly unknown[] | undefined, key: string) =>
    (list?.length ?? 0) > 0 || (list === undefined && isWritten([...here, key]))
  if (access !== undefined && !isGiven(access.allow, 'allow') && !isGiven(access.deny, 'deny')) {
    report(here, 'admits all clients; add allow or deny, such as "allow": ["10.0.0.0/8"], or remove it')
  }
  checkRates(context, path, auth, rates)
  const seen = new Map<string, number>()
  for (const [at, user] of (auth?.users ?? []).entries()) {
    const place = [...path, 'auth', 'users', at]
    const first = user?.name === undefined ? undefined : seen.get(user.name)
    if (first !== undefined)
      report([...place, 'name'], `is also the name of users[${first}]; keep one of them`)
    else if (user?.name !== undefined) seen.set(user.name, at)
    opened(context, [...place, 'password'], user?.password)
  }
}

type Rates = WorkerBlock['block']['rate_limiting']

function checkRates({ isWritten, report }: RuleContext, worker: Path, auth: unknown, rates: Rates): void {
  if (rates === undefined) return
  const path = [...worker, 'rate_limiting']
  const { default_limit: first, rules = [] } = rates
  if (first === undefined && rules.length === 0 && !isWritten([...path, 'default_limit'])) {
    report(
      path,
      'limits nothing; add default_limit, such as { "limit": 100, "window_secs": 60 }, or remove it',
    )
  }
  const seen = new Map<string, string>(first === undefined ? [] : [['default', 'default_limit']])
  const all = [
    { rule: first, place: [...path, 'default_limit'], id: undefined },
    ...rules.map((rule, at) => ({ rule, place: [...path, 'rules', at], id: rule?.id })),
  ]
  for (const [at, { rule, place, id }] of all.entries()) {
    const other = id === undefined ? undefined : seen.get(id)
    if (other !== undefined)
      report([...place, 'id'], `is also the name of ${other}; give each limit its own name`)
    else if (id !== undefined) seen.set(id, `rules[${at - 1}]`)
    if (rule?.key === 'header' && !isWritten([...place, 'header'])) {
      report([...place, 'key'], 'needs a header field; add it, such as "header": "X-Api-Key"')
    }
    if (
      rule?.header !== undefined &&
      rule.key !== 'header' &&
      (rule.key !== undefined || !isWritten([...place, 'key']))
    ) {
      report([...place, 'header'], 'has no effect; add "key": "header", or remove it')
    }
    if (rule?.key === 'user' && auth === undefined && !isWritten([...worker, 'auth'])) {
      report([...place, 'key'], 'is "user", but the worker has no auth; add it, or count by client')
    }
  }
}

export function checkToken(context: RuleContext): void {
  const path = ['admin', 'token']
  const token = opened(context, path, context.config.admin?.token)
  if (token !== undefined && !/^[\x21-\x7e]{16,}$/.test(token)) {
    context.report(path, 'is not usable; must be at least 16 visible ASCII characters after decryption')
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
