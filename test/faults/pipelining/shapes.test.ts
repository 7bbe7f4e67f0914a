import { describe, expect, test } from 'vitest'
import type { PipelinedRequest } from '../../kit/attacks/pipelining.ts'
import { expectFairness } from '../../kit/daemons/attacked-daemon.ts'
import { get, head } from './requests.ts'

/** Refused as malformed, which ends the connection. */
const malformed: PipelinedRequest = {
  bytes: 'GET  /nope HTTP/1.1\r\nHost: h\r\n\r\n',
  status: 400,
  body: null,
}

describe.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('a worker over $over stays fair to honest clients', ({ isTls }) => {
  test('when malformed requests are pipelined on one connection after another', async () => {
    const { attackers } = await expectFairness({
      worker: 'static',
      isTls,
      requests: () => [malformed],
      times: 2_000,
      reads: 'all',
      endsAfterFirst: true,
    })
    expect(attackers.connected).toBeGreaterThan(20)
  })

  test('when requests that are refused on a kept connection are pipelined', async () => {
    const requests = [get('/#a', 400), get('*', 400), get('/../x', 400)]
    await expectFairness({ worker: 'static', isTls, requests: () => requests, times: 600, reads: 'all' })
  })

  test('when HEAD requests are pipelined', async () => {
    const requests = [head('/index.html', 200), head('/nope', 404), head('/big.bin', 200)]
    await expectFairness({ worker: 'static', isTls, requests: () => requests, times: 700, reads: 'all' })
  })

  test('when large files are pipelined and read slowly', async () => {
    const requests = [get('/big.bin', 200)]
    await expectFairness({ worker: 'static', isTls, requests: () => requests, times: 100, reads: 'slowly' })
  })

  test('when large files are pipelined and not read', async () => {
    const requests = [get('/big.bin', 200)]
    await expectFairness({
      worker: 'static',
      isTls,
      requests: () => requests,
      times: 2_000,
      reads: 'nothing',
    })
  })
})
