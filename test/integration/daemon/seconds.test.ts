import { expect, test, vi } from 'vitest'
import { WorkerUse } from '../../../src/supervise/limits/worker-use.ts'
import { Service } from '../../../src/supervise/services/services.ts'
import { Overview } from '../../../src/supervise/views/overview.ts'
import { RequestRates } from '../../../src/supervise/views/request-rates.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { until } from '../../kit/waiting/until.ts'

test('the averages, rates and CPU times of a daemon count each second once', async () => {
  const seconds = vi.spyOn(Overview.prototype, 'tick')
  const averages = vi.spyOn(Service.prototype, 'tick')
  const rates = vi.spyOn(RequestRates.prototype, 'tick')
  const uses = vi.spyOn(WorkerUse.prototype, 'update')
  {
    await using _running = await startTestDaemon({
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target: 'http://127.0.0.1:9', isolation: 'shared' } },
    })
    await until('some seconds are over', () => seconds.mock.calls.length >= 5)
  }
  const count = seconds.mock.calls.length
  expect([averages, rates, uses].map(({ mock }) => mock.calls.length)).toEqual([count, count, count])
  const times = averages.mock.calls.map(([at]) => at)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})
