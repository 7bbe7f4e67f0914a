/** Keys with more than one name. */
import type { WorkerKey } from './schema.ts'

/**
 * Groups of names for one value, the canonical name first (decisions D04 and D10). Several names of a group may be
 * written if they agree.
 */
const limits = [
  ['resource_limits.max_connections', 'max_connections'],
  ['resource_limits.max_memory_mb', 'max_memory_mb'],
  ['resource_limits.max_cpu_percent', 'max_cpu_percent'],
  ['resource_limits.idle_timeout_secs', 'timeouts.idle_secs'],
] as const

const proxy = [
  ...limits,
  ['resource_limits.connection_timeout_secs', 'timeouts.connect_secs'],
  ['resource_limits.max_connection_lifetime_secs', 'timeouts.lifetime_secs'],
] as const

export const names: Readonly<Record<WorkerKey, readonly (readonly [string, ...string[]])[]>> = {
  forward_proxy: proxy,
  reverse_proxy: proxy,
  static_files: [
    ...limits,
    ['timeouts.header_secs', 'timeouts.connect_secs', 'resource_limits.connection_timeout_secs'],
  ],
}

/** The value at a dotted path inside a worker block; undefined if any part is missing. */
export function valueAt(block: object, path: string): unknown {
  let value: unknown = block
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
