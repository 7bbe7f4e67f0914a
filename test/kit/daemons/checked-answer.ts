/** Checks admin answers against their schema. */
import { deepStrictEqual } from 'node:assert'
import type { z } from 'zod'
import type { AdminAnswer } from './daemon.ts'

/** Parses an answer of the admin interface with its schema; throws if it does not match exactly. */
export function checkedAnswer<Schema extends z.ZodType>(
  schema: Schema,
  answer: AdminAnswer,
): z.output<Schema> {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  const said = answer.json<unknown>()
  const known = schema.parse(said)
  deepStrictEqual(known, said)
  return known
}
