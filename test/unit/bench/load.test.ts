import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { halfLoad } from '../../../bench/capacity.ts'
import { Arrivals } from '../../../bench/drivers/arrivals.ts'
import { ratesOf } from '../../../bench/ramp.ts'

test('half load is half of the slowest target, and at most what the driver can send', () => {
  expect(halfLoad([8_450, 20_000])).toBe(4_200)
  expect(halfLoad([90_000])).toBe(15_000)
})

test('the rates of a ramp grow to the limit of the driver', () => {
  expect(ratesOf(10_000, [0.1, 0.5, 1.25])).toEqual([1_000, 5_000, 12_500])
  expect(ratesOf(40_000, [0.5, 0.75, 1.25])).toEqual([20_000, 30_000])
})

test('requests that arrive while the target stalls count their wait from the planned arrival', async () => {
  const stallMs = 400
  let answered = 0
  const server = createServer((_, res) => {
    answered += 1
    if (answered === 1) setTimeout(() => res.end('late'), stallMs)
    else res.end('at once')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
  const arrivals = new Arrivals({ port, request, connections: 1, perSecond: 100 })
  await arrivals.run(stallMs)
  arrivals.end()
  expect(arrivals.errors).toBe(0)
  expect(arrivals.taken.count).toBe(40)
  // One slow answer, but every request that arrived meanwhile waited: half of them for half of the stall.
  expect(arrivals.taken.percentile(0.5)).toBeGreaterThan((stallMs / 4) * 1000)
})
