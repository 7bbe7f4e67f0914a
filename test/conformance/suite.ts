/** Registers the tests of all cases over one kind of connection. */
import { describe, test } from 'vitest'
import type { Over } from './case.ts'
import { topics } from './cases.ts'
import { run } from './run.ts'

export function suite(over: Over): void {
  for (const [topic, cases] of Object.entries(topics)) {
    describe.concurrent(topic, () => {
      for (const one of cases) {
        for (const type of one.on) {
          test(`${one.id} ${type}: ${one.what} (RFC ${one.rfc})`, () => run(one, type, over))
        }
      }
    })
  }
}
