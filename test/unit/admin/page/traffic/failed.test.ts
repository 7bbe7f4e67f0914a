import { expect, test } from 'vitest'
import { isFailed } from '../../../../../src/admin/page/traffic/failed.ts'

test('an error status, an error code or a tunnel cut off by a limit counts as failed', () => {
  const whole = { status: 200, code: null, termination: '--' }
  expect([
    isFailed(whole),
    isFailed({ ...whole, status: 404 }),
    isFailed({ ...whole, code: 'UPSTREAM_BROKEN' }),
    isFailed({ ...whole, termination: 'LT' }),
  ]).toEqual([false, true, true, true])
})
