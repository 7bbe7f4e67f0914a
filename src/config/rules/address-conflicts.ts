/** Rules for listen addresses: every listener has one, and no two conflict. */
import { formatAddress, isConflicting, parseAddress, parseListenerAddress } from '../address/address.ts'
import { realSocketPath } from '../address/socket-path.ts'
import { adminAddress } from '../schema/admin.ts'
import type { ListenerAddress } from '../settings/settings.ts'
import type { Path } from '../text/problem.ts'
import { formatPath } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'
import { checkTls } from './tls.ts'

/** An address that a listener is configured to use. */
interface Claim {
  readonly path: Path
  readonly address: ListenerAddress
  /** Name of this listener in the problem of a conflicting one. */
  readonly name: string
}

/** Checks isolation, TLS and addresses of all listeners; reports every conflict at the later one. */
export function checkAddresses(context: RuleContext, workers: readonly WorkerBlock[]): void {
  const shared = workers.filter(({ path }) => !hasOwnAddress(context, path))
  checkIsolation(context, shared)
  checkTls(context, workers, shared)
  const claims = [...adminClaim(context), ...sharedClaims(context, shared)]
  for (const worker of workers) {
    if (!shared.includes(worker)) claims.push(...ownClaims(context, worker))
  }
  claims.push(...demoClaim(context))
  for (const [index, claim] of claims.entries()) {
    const other = claims.slice(0, index).find(({ address }) => isConflicting(address, claim.address))
    if (other === undefined) continue
    const isShareable = other.path[0] === 'listen_addr' && claim.path.length > 2
    const right = isShareable ? 'remove it to share that listener, or ' : ''
    const what = 'path' in claim.address ? 'path' : 'port'
    const here = formatAddress(claim.address)
    context.report(claim.path, `${here} is taken by ${other.name}; ${right}choose another ${what}`)
  }
}

/** Workers that share a listener run in the same instances, so their `isolation` must match. */
function checkIsolation(
  { report, isWritten }: RuleContext,
  [first, ...others]: readonly WorkerBlock[],
): void {
  if (first === undefined) return
  const isolation = ({ block }: WorkerBlock) => block.isolation ?? 'thread'
  for (const other of others) {
    if (isolation(other) === isolation(first)) continue
    const here = [...other.path, 'isolation']
    report(
      isWritten(here) ? here : other.path,
      `has isolation ${isolation(other)}, but ${first.key} shares its listener and has ${isolation(first)}; set both to the same value, or give one of them its own port`,
    )
  }
}

function hasOwnAddress({ isWritten }: RuleContext, path: Path): boolean {
  return ['port', 'listen_addr', 'listeners'].some((key) => isWritten([...path, key]))
}

function adminClaim(context: RuleContext): readonly Claim[] {
  const { config, isWritten } = context
  if (config.admin?.enabled === false) return []
  const path = ['admin', 'listen_addr']
  if (isWritten(path))
    return listenerClaims(context, path.slice(0, 1), [{ address: config.admin?.listen_addr }]).map(
      (claim) => ({ ...claim, path, name: formatPath(path) }),
    )
  return claimAt(path, adminAddress, `${formatPath(path)}, by default`)
}

function demoClaim({ config, isWritten, report }: RuleContext): readonly Claim[] {
  const path = ['demo_upstream', 'listen_addr']
  if (!isWritten(['demo_upstream']) || config.demo_upstream?.enabled === false) return []
  if (config.demo_upstream !== undefined && !isWritten(path)) {
    report(['demo_upstream'], 'has no listen_addr; add one, such as "listen_addr": "127.0.0.1:9981"')
  }
  return claimAt(path, config.demo_upstream?.listen_addr)
}

function sharedClaims(context: RuleContext, workers: readonly WorkerBlock[]): readonly Claim[] {
  const { config, isWritten, report } = context
  if (workers.length === 0) return []
  const path = ['listen_addr']
  const others = listenerClaims(context, ['listeners'], config.listeners)
  if (!isWritten(path) && !isWritten(['listeners'])) {
    for (const worker of workers) {
      const right = 'add "listen_addr": "127.0.0.1:8080" to it, or at the top level'
      report(
        isWritten(worker.path) ? worker.path : ['mode'],
        `leaves ${worker.key} without an address; ${right}`,
      )
    }
  }
  const users = workers.map(({ key }) => key).join(', ')
  return [...claimAt(path, config.listen_addr, `${formatPath(path)} (${users})`), ...others]
}

function ownClaims(context: RuleContext, { path, block }: WorkerBlock): readonly Claim[] {
  const others = listenerClaims(context, [...path, 'listeners'], block.listeners)
  return [...ownClaim(context, path, block), ...others]
}

function ownClaim(
  { config, isWritten, report }: RuleContext,
  path: Path,
  { port, listen_addr: own }: WorkerBlock['block'],
): readonly Claim[] {
  if (isWritten([...path, 'listen_addr'])) {
    const here = [...path, 'listen_addr']
    const claim = claimAt(here, own)
    const ownPort = own === undefined ? undefined : parseAddress(own).address?.port
    if (port !== undefined && ownPort !== undefined && ownPort !== port) {
      report(
        [...path, 'port'],
        `is ${port}, but listen_addr of the same worker has port ${ownPort}; keep one of them`,
      )
    }
    return claim
  }
  const here = [...path, 'port']
  if (!isWritten(here)) return []
  if (!isWritten(['listen_addr'])) {
    report(
      here,
      'has no host; add a top-level listen_addr, or give listen_addr such as "127.0.0.1:8080" instead',
    )
    return []
  }
  const host = config.listen_addr === undefined ? undefined : parseAddress(config.listen_addr).address?.host
  return host === undefined || port === undefined
    ? []
    : [{ path: here, address: { host, port }, name: formatPath(here) }]
}

function claimAt(path: Path, text: string | undefined, name = formatPath(path)): readonly Claim[] {
  const address = text === undefined ? undefined : parseAddress(text).address
  return address === undefined ? [] : [{ path, address, name }]
}

function listenerClaims(
  { baseDir }: RuleContext,
  path: Path,
  listeners: readonly ({ readonly address?: string | undefined } | undefined)[] | undefined,
): readonly Claim[] {
  return (listeners ?? []).flatMap((listener, index) => {
    const here = [...path, index, 'address']
    const address = parseListenerAddress(listener?.address ?? '').address
    if (address === undefined) return []
    const claim = 'path' in address ? { path: realSocketPath(baseDir, address.path) } : address
    return [{ path: here, address: claim, name: formatPath(here) }]
  })
}
