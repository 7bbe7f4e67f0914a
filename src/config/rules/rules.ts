/** Rules over several keys, which the schema cannot express. Each reports at the key that has to change. */
import { serviceNames } from '../../service-names.ts'
import { names, valueAt } from '../schema/aliases.ts'
import type { Sound } from '../schema/check.ts'
import type { ConfigInput } from '../schema/schema.ts'
import { type WorkerKey, workerKeys } from '../schema/schema.ts'
import { checkAccessLog } from './access-log.ts'
import { checkAddresses } from './address-conflicts.ts'
import { checkAdmin } from './admin.ts'
import { checkClients, checkToken } from './clients.ts'
import type { RuleContext, WorkerBlock } from './context.ts'
import { checkDestinations } from './destinations.ts'
import { checkMounts } from './mounts.ts'
import { checkLogging, checkTelemetry } from './telemetry.ts'
import { checkTracing } from './tracing.ts'
import { checkUpstreamHttp2 } from './upstream-http2.ts'

export function checkRules(context: RuleContext): void {
  const { config, isWritten, report } = context
  if (isWritten(['workers']) && isWritten(['worker_separation'])) {
    report(['worker_separation'], 'is an alias of workers, which is present too; keep one of them')
  }
  const root = isWritten(['worker_separation']) ? 'worker_separation' : 'workers'
  const blocks = workerKeys.flatMap((key): WorkerBlock[] => {
    const block = config[root]?.[key] ?? (isWritten([root, key]) || modeKey(config) === key ? {} : undefined)
    return block === undefined ? [] : [{ key, path: [root, key], block }]
  })
  for (const worker of blocks) checkNames(context, worker)
  checkMode(context, root, blocks)

  // A block that is not an object is reported already; reporting its missing keys too would be noise.
  const isNoObject = ({ key, path }: WorkerBlock) => isWritten(path) && config[root]?.[key] === undefined
  const running = blocks.filter((worker) => worker.block.enabled !== false && !isNoObject(worker))
  for (const { key, path, block } of running) {
    if (key === 'reverse_proxy' && !isWritten([...path, 'target'])) {
      report(path, 'has no target; add the upstream, such as "target": "http://127.0.0.1:3000"')
    }
    if (key === 'reverse_proxy') checkUpstreamHttp2(context, path, block)
    checkClients(context, path, block)
    checkTracing(context, path, block.tracing)
    if (key === 'static_files') checkMounts(context, path, block)
    if (key === 'forward_proxy') checkDestinations(context, path, block)
    checkAccessLog(context, [...path, 'access_log'], block.access_log)
  }
  checkAccessLog(context, ['access_log'], config.access_log)
  checkToken(context)
  checkAdmin(context)
  checkTelemetry(context)
  checkLogging(context)
  checkAddresses(context, running)
}

function modeKey(config: Sound<ConfigInput>): WorkerKey | undefined {
  const { mode } = config
  return workerKeys.find((key) =>
    Object.values(serviceNames).some((one) => one.key === key && one.mode === mode),
  )
}

function checkMode(
  { config, report, isWritten }: RuleContext,
  root: string,
  blocks: readonly WorkerBlock[],
): void {
  const { mode } = config
  const wanted = modeKey(config)
  const isOn = ({ block }: WorkerBlock) => block.enabled !== false
  if (mode === 'Combined' && !blocks.some(isOn)) {
    if (isWritten([root]) && config[root as 'workers'] === undefined) return
    report(
      isWritten([root]) ? [root] : ['mode'],
      `has nothing to run; enable one of ${workerKeys.join(', ')} in ${root}`,
    )
  }
  for (const worker of blocks) {
    if (wanted === undefined) continue
    if (worker.key === wanted) {
      if (!isOn(worker))
        report([...worker.path, 'enabled'], `is false, but mode ${mode} runs this worker; remove it`)
    } else if (isOn(worker)) {
      const right = 'set "enabled": false in it, or "mode": "Combined" to run both'
      report(worker.path, `does not run in mode ${mode}; ${right}`)
    }
  }
}

function checkNames({ report, isWritten }: RuleContext, { key, path, block }: WorkerBlock): void {
  for (const group of names[key]) {
    const given = group
      .map((name) => ({ name, value: valueAt(block, name) }))
      .filter(({ value }) => value !== undefined)
    const [first, ...others] = given
    for (const { name, value } of others) {
      if (value === first?.value) continue
      const here = [...path, ...name.split('.')]
      if (isWritten(here))
        report(here, `is ${value}, but ${first?.name} is ${first?.value}, an alias of it; keep one of them`)
    }
  }
}
