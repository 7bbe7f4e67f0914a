import { setTimeout as wait } from 'node:timers/promises'
import {
  type Reasons,
  reasons,
  type TrafficPage,
  trafficPage,
} from '../../../src/admin/api/schema/traffic.ts'
import { until } from '../waiting/until.ts'
import { described } from './checked-answer.ts'
import type { TestDaemon } from './daemon.ts'

export const token = 'a-token-for-this-test-alone'
export const withToken = { headers: { Authorization: `Bearer ${token}` } }

/** What is known of the traffic of a worker. */
export async function requestsOf(bridge: TestDaemon, worker: string, more = ''): Promise<TrafficPage> {
  const answer = await bridge.admin(`/api/requests?worker=${worker}${more}`)
  // Whoever asks too often has to wait.
  if (answer.status === 429) {
    await wait(200)
    return requestsOf(bridge, worker, more)
  }
  return described(trafficPage, answer)
}

/** Waits for an exchange that ended with the code (or status), and asks why. */
export async function whyOf(bridge: TestDaemon, worker: string, outcome: string | number): Promise<Reasons> {
  let found: string | undefined
  await until(`${outcome} of ${worker} is recorded`, async () => {
    const { requests } = await requestsOf(bridge, worker)
    found = requests.findLast(({ code, status }) => code === outcome || status === outcome)?.id
    return found !== undefined
  })
  const answer = await bridge.admin(`/api/requests/${encodeURIComponent(found ?? '')}`)
  return described(reasons, answer)
}
