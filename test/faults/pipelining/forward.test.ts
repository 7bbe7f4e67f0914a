import { describe, test } from 'vitest'
import { expectFairness, type PipeliningVariant } from '../../kit/daemons/attacked-daemon.ts'
import { get, nope, post } from './requests.ts'

/** Distinct targets in absolute-form, so that an answer out of order is noticed. */
const numbered = (origin: string, count: number) =>
  Array.from({ length: count }, (_, at) => get(`http://${origin}/${at}`, 200, `GET /${at} 0`))

describe('a forward worker stays fair to honest clients', () => {
  const underAttack = (variant: Omit<PipeliningVariant, 'worker'>) =>
    expectFairness({ worker: 'forward', ...variant })

  test('when twenty connections pipeline 2,000 requests each and read the answers', async () => {
    await underAttack({ requests: (origin) => numbered(origin, 2_000), times: 1, reads: 'all' })
  })

  test('when they do so over TLS', async () => {
    await underAttack({ isTls: true, requests: (origin) => numbered(origin, 2_000), times: 1, reads: 'all' })
  })

  test('when they never read', async () => {
    const requests = (origin: string) => [get(`http://${origin}/`, 200)]
    await underAttack({ requests, times: 2_000, reads: 'nothing' })
  })

  test('when every request is refused because it is not in absolute-form', async () => {
    await underAttack({ requests: () => [nope(400)], times: 2_000, reads: 'all' })
  })

  test('when uploads and other requests alternate', async () => {
    const requests = (origin: string) => [
      post(`http://${origin}/a`, '/a', 10_000),
      get(`http://${origin}/b`, 200, 'GET /b 0'),
    ]
    await underAttack({ requests, times: 100, reads: 'all' })
  })
})
