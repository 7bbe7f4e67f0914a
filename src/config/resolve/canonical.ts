/** Rewrites a valid configuration to its canonical form, which `--check` prints. */
import { resolve } from 'node:path'
import { formatAddress, parseAddress, parseListenerAddress } from '../address/address.ts'
import { mountPrefix } from '../address/mount-prefix.ts'
import { names, valueAt } from '../schema/aliases.ts'
import { type Config, type ConfigInput, configSchema, type WorkerKey, workerKeys } from '../schema/schema.ts'

/**
 * Returns a configuration with canonical names, absolute directories, every default, and only the workers that run.
 * Printed as JSON and loaded again, it gives an equal value.
 */
export function canonical(config: ConfigInput, baseDir: string): Config {
  const given = config.workers ?? config.worker_separation ?? {}
  const host = config.listen_addr === undefined ? undefined : parseAddress(config.listen_addr).address?.host
  const workers: Record<string, Record<string, unknown>> = {}
  for (const key of workerKeys) {
    const block = given[key] ?? (config.mode === 'Forward' && key === 'forward_proxy' ? {} : undefined)
    if (block !== undefined && block.enabled !== false)
      workers[key] = {
        ...canonicalWorker(key, block, host, baseDir),
        access_log: canonicalAccessLog(block.access_log ?? config.access_log, baseDir),
      }
  }
  const isShared = Object.values(workers).some(
    (worker) => worker['listen_addr'] === undefined && worker['listeners'] === undefined,
  )
  const input = {
    mode: config.mode,
    listen_addr: isShared ? config.listen_addr : undefined,
    listeners: isShared ? canonicalListeners(config.listeners, baseDir) : undefined,
    tls: isShared ? canonicalTls(config.tls, baseDir) : undefined,
    workers,
    admin: canonicalAdmin(config.admin, baseDir),
    demo_upstream: config.demo_upstream?.enabled === false ? undefined : config.demo_upstream,
    logging: canonicalLogging(config.logging, baseDir),
    telemetry: canonicalTelemetry(config.telemetry, baseDir),
    drain_timeout_secs: config.drain_timeout_secs,
  }
  // The round trip drops undefined values, which the schema would keep.
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
    listeners,
    tls,
  } = given as NonNullable<NonNullable<ConfigInput['workers']>['static_files']>
  const listen = own ?? (host === undefined || port === undefined ? undefined : formatAddress({ host, port }))
  return {
    ...block,
    port: undefined,
    listen_addr: listen,
    listeners: canonicalListeners(listeners, baseDir),
    tls: canonicalTls(tls, baseDir),
    mounts: mounts?.map((mount) => ({
      ...mount,
      path: mountPrefix(mount.path),
      root_dir: resolve(baseDir, mount.root_dir),
    })),
  }
}

/** Every worker gets its own access log here; the top-level one disappears. */
function canonicalAccessLog(given: ConfigInput['access_log'], baseDir: string): object | undefined {
  if (given === undefined || given === 'off') return undefined
  const log = typeof given === 'string' ? { path: given } : given
  return { ...log, path: log.path === 'stdout' ? log.path : resolve(baseDir, log.path) }
}

function canonicalAdmin(given: ConfigInput['admin'], baseDir: string): object | undefined {
  if (given === undefined) return undefined
  const { listen_addr: listen, token_file: tokenFile, tls } = given
  return {
    ...given,
    listen_addr: listen === undefined ? undefined : canonicalAddress(listen, baseDir),
    token_file: tokenFile === undefined ? undefined : resolve(baseDir, tokenFile),
    tls: tls && { cert: resolve(baseDir, tls.cert), key: resolve(baseDir, tls.key) },
  }
}

function canonicalAddress(text: string, baseDir: string): string {
  const { address } = parseListenerAddress(text)
  return address !== undefined && 'path' in address
    ? formatAddress({ path: resolve(baseDir, address.path) })
    : text
}

function canonicalLogging(given: ConfigInput['logging'], baseDir: string): object | undefined {
  if (given === undefined) return undefined
  return {
    ...given,
    targets: given.targets?.map(({ path, ...target }) => ({
      ...target,
      path: path === undefined ? undefined : resolve(baseDir, path),
    })),
  }
}

function canonicalTelemetry(given: ConfigInput['telemetry'], baseDir: string): object | undefined {
  if (given === undefined || given.enabled === false) return given && { enabled: false }
  const files = Object.entries(given.tls ?? {}).map(([key, file = '']) => [key, resolve(baseDir, file)])
  return { ...given, tls: given.tls === undefined ? undefined : Object.fromEntries(files) }
}

function canonicalListeners(given: ConfigInput['listeners'], baseDir: string) {
  return given?.map((listener) => ({
    ...listener,
    address: canonicalAddress(listener.address, baseDir),
    tls: canonicalTls(listener.tls, baseDir),
  }))
}

function canonicalTls(given: ConfigInput['tls'], baseDir: string): object | undefined {
  // The other keys of a disabled block have no effect.
  if (given === undefined || given.enabled === false) return given && { enabled: false }
  return {
    ...given,
    certificates: given.certificates?.map((one) => ({
      ...one,
      cert: resolve(baseDir, one.cert),
      key: resolve(baseDir, one.key),
    })),
    client_ca: given.client_ca === undefined ? undefined : resolve(baseDir, given.client_ca),
  }
}

function setAt(block: Record<string, unknown>, path: string, value: unknown): void {
  const [first = '', second] = path.split('.')
  if (second === undefined) block[first] = value
  else block[first] = { ...(block[first] as object | undefined), [second]: value }
}
