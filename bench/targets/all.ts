/** All targets of the benchmark by name. */
import type { Target, TargetName } from '../types.ts'
import { bifrost, observed } from './bifrost.ts'
import { haproxy } from './haproxy.ts'
import { libraries, sirv } from './libraries.ts'
import { nginx } from './nginx.ts'
import { squid } from './squid.ts'

const all: readonly Target[] = [bifrost, observed, nginx, haproxy, squid, ...libraries, sirv]

export function targetNamed(name: TargetName): Target {
  const found = all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no target ${name}`)
  return found
}
