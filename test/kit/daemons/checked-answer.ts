import { deepStrictEqual } from 'node:assert'
import type { z } from 'zod'
import type { AdminAnswer } from './daemon.ts'

/** What the admin interface has answered, as its schema describes it; throws when it has less, more, or something else. */
export function described<Schema extends z.ZodType>(schema: Schema, answer: AdminAnswer): z.output<Schema> {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  const said = answer.json<unknown>()
  const known = schema.parse(said)
  deepStrictEqual(known, said)
  return known
}
