/** Finds fields by name in flat lists; telemetry/request-field.ts joins the values of a list. */
import { isName } from './fields.ts'

/** Value of the first field with this lower-case name; undefined without one. */
export function fieldOf(fields: readonly string[], lower: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.length === lower.length && isName(name, lower)) return fields[at + 1] as string
  }
  return undefined
}

/** Number of fields with this lower-case name. */
export function countOf(fields: readonly string[], lower: string): number {
  let count = 0
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.length === lower.length && isName(name, lower)) count += 1
  }
  return count
}
