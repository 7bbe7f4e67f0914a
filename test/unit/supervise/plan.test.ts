import { expect, test } from 'vitest'
import { planWorkers, spanShare } from '../../../src/supervise/plan.ts'
import { load } from '../../kit/configuration/config-text.ts'

const plans = (threads: number) =>
  planWorkers(
    load({
      mode: 'Forward',
      listen_addr: '127.0.0.1:0',
      workers: { forward_proxy: { worker_threads: threads } },
    }).settings,
  )

test('instances share the spans of a second, at least one each', () => {
  expect(spanShare(plans(1))).toBe(2_000)
  expect(spanShare(plans(3), 1_000)).toBe(333)
  expect(spanShare(plans(4), 2)).toBe(1)
})
