import { describe, expect, test } from 'vitest'
import { expectFairness } from '../../kit/daemons/attacked-daemon.ts'
import { get, nope } from './requests.ts'

describe.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('a static worker over $over stays fair to honest clients', ({ isTls }) => {
  test('when twenty connections pipeline 2,000 requests each and read the answers', async () => {
    const { attackers } = await expectFairness({
      worker: 'static',
      isTls,
      requests: () => [nope(404)],
      times: 2_000,
      reads: 'all',
    })
    expect(attackers.answered).toBeGreaterThan(1_000)
  })

  test('when they never read', async () => {
    await expectFairness({
      worker: 'static',
      isTls,
      requests: () => [nope(404)],
      times: 2_000,
      reads: 'nothing',
    })
  })

  test('when they request files, and every answer is the right one', async () => {
    const requests = [
      get('/index.html', 200, 'hello'),
      get('/other.txt', 200, 'other'),
      get('/nope', 404),
      get('/index.html', 200, 'hello'),
      get('/../x', 400),
    ]
    await expectFairness({ worker: 'static', isTls, requests: () => requests, times: 400, reads: 'all' })
  })
})
