import { expect, test } from 'vitest'
import { Reclaimer } from '../../../src/http/reclaim.ts'

test('the young generation is collected once per 16 MiB of body bytes', () => {
  const calls: unknown[] = []
  const reclaimer = new Reclaimer((options) => calls.push(options))
  for (let at = 0; at < 511; at += 1) reclaimer.moved(64 * 1024)
  expect(calls).toEqual([{ type: 'minor' }])
  reclaimer.moved(64 * 1024)
  expect(calls).toHaveLength(2)
})

test('the collector of this runtime can be called', () => {
  expect(() => new Reclaimer().moved(2 ** 30)).not.toThrow()
})
