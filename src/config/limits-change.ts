/** The body of an admin request that changes the limits of a running worker. */
import { z } from 'zod'
import { expectation } from './schema/check.ts'
import { limitFields } from './schema/schema.ts'
import type { ServiceType } from './settings/settings.ts'

/** New limits of one running worker; omitted limits stay. */
export interface LimitsChange {
  /** A number for a worker with one service; otherwise by service. */
  readonly maxConnections?: number | Readonly<Partial<Record<ServiceType, number | undefined>>> | undefined
  readonly maxMemoryMb?: number | undefined
  readonly maxCpuPercent?: number | undefined
}

const { connections, memory, cpu } = limitFields

/** Schema of the body; its keys are those of the configuration file. */
export const changeSchema = z.strictObject({
  max_connections: z
    .union([
      connections,
      z.strictObject({
        forward: connections.optional(),
        reverse: connections.optional(),
        static: connections.optional(),
      }),
    ])
    .meta({
      expects: `${expectation(connections)}, or for a worker with several services an object such as { "forward": 10 }`,
    })
    .optional(),
  max_memory_mb: memory.optional(),
  max_cpu_percent: cpu.optional(),
})

const known = Object.keys(changeSchema.shape)

/** Parses a JSON body; returns the change, or one line per problem. */
export function parseLimitsChange(
  text: string,
): { readonly change: LimitsChange } | { readonly problems: readonly string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problems: ['the body is not JSON'] }
  }
  const { data, error } = changeSchema.safeParse(value)
  if (error) return { problems: error.issues.flatMap(describe) }
  if (Object.keys(data).length === 0) return { problems: [`contains no limit; known: ${known.join(', ')}`] }
  return {
    change: {
      maxConnections: data.max_connections,
      maxMemoryMb: data.max_memory_mb,
      maxCpuPercent: data.max_cpu_percent,
    },
  }
}

function describe(issue: z.core.$ZodIssue): readonly string[] {
  const [name] = issue.path
  if (issue.code === 'unrecognized_keys' && name === undefined)
    return issue.keys.map((key) => `${key} cannot be changed here; known: ${known.join(', ')}`)
  if (typeof name !== 'string' || !Object.hasOwn(changeSchema.shape, name))
    return [`the body must be an object with keys of ${known.join(', ')}`]
  const schema = changeSchema.shape[name as keyof typeof changeSchema.shape]
  return [`${name} must be ${expectation(schema.def.innerType)}`]
}
