import { describe, test } from 'vitest'
import { expectFairness, type PipeliningVariant } from '../../kit/daemons/attacked-daemon.ts'
import { get, head, nope, post } from './requests.ts'

/** Distinct targets, so that an answer out of order is noticed. */
const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => get(`/${at}`, 200, `GET /${at} 0`))

describe.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('a reverse worker over $over stays fair to honest clients', ({ isTls }) => {
  const underAttack = (variant: Pick<PipeliningVariant, 'requests' | 'times' | 'reads'>) =>
    expectFairness({ worker: 'reverse', isTls, ...variant })

  test('when twenty connections pipeline 2,000 requests each and read the answers', async () => {
    await underAttack({ requests: () => numbered(2_000), times: 1, reads: 'all' })
  })

  test('when they never read', async () => {
    await underAttack({ requests: () => [nope(200)], times: 2_000, reads: 'nothing' })
  })

  test('when uploads and other requests alternate', async () => {
    const requests = [post('/a', '/a', 10_000), get('/b', 200, 'GET /b 0'), post('/c', '/c', 1)]
    await underAttack({ requests: () => requests, times: 100, reads: 'all' })
  })

  test('when they send uploads and never read', async () => {
    const requests = [post('/a', '/a', 10_000), get('/b', 200, 'GET /b 0')]
    await underAttack({ requests: () => requests, times: 500, reads: 'nothing' })
  })

  test('when they send HEAD only', async () => {
    await underAttack({ requests: () => [head('/a', 200)], times: 2_000, reads: 'all' })
  })
})
