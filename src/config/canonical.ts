import { resolve } from 'node:path'
import { formatAddress, parseAddress } from './address.ts'
import { mountPrefix } from './mounts.ts'
import { names, valueAt } from './names.ts'
import { type Config, type ConfigInput, configSchema, type WorkerKey, workerKeys } from './schema.ts'

/**
 * A configuration without problems -> the one way to write it: canonical names, absolute directories, only what runs,
 * every default filled in. Written as JSON and loaded again, it gives an equal value.
 */
export function canonical(config: ConfigInput, baseDir: string): Config {
  const given = config.workers ?? config.worker_separation ?? {}
  const host = config.listen_addr === undefined ? undefined : parseAddress(config.listen_addr).address?.host
  const workers: Record<string, Record<string, unknown>> = {}
  for (const key of workerKeys) {
    const block = given[key] ?? (config.mode === 'Forward' && key === 'forward_proxy' ? {} : undefined)
    if (block !== undefined && block.enabled !== false)
      workers[key] = canonicalWorker(key, block, host, baseDir)
  }
  const isShared = Object.values(workers).some((worker) => worker['listen_addr'] === undefined)
  const input = {
    mode: config.mode,
    listen_addr: isShared ? config.listen_addr : undefined,
    workers,
    admin: config.admin,
    demo_upstream: config.demo_upstream?.enabled === false ? undefined : config.demo_upstream,
    drain_timeout_secs: config.drain_timeout_secs,
  }
  // The round trip drops the keys without a value, which the schema would otherwise keep.
  return configSchema.parse(JSON.parse(JSON.stringify(input)))
}

function canonicalWorker(key: WorkerKey, given: object, host: string | undefined, baseDir: string) {
  const block: Record<string, unknown> = structuredClone({ ...given })
  for (const group of names[key]) {
    const value = group.map((name) => valueAt(block, name)).find((found) => found !== undefined)
    for (const name of group) setAt(block, name, undefined)
    setAt(block, group[0], value)
  }
  const {
    port,
    listen_addr: own,
    mounts,
  } = given as NonNullable<NonNullable<ConfigInput['workers']>['static_files']>
  const listen = own ?? (host === undefined || port === undefined ? undefined : formatAddress({ host, port }))
  return {
    ...block,
    port: undefined,
    listen_addr: listen,
    mounts: mounts?.map((mount) => ({
      ...mount,
      path: mountPrefix(mount.path),
      root_dir: resolve(baseDir, mount.root_dir),
    })),
  }
}

function setAt(block: Record<string, unknown>, path: string, value: unknown): void {
  const [first = '', second] = path.split('.')
  if (second === undefined) block[first] = value
  else block[first] = { ...(block[first] as object | undefined), [second]: value }
}
