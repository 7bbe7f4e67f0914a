/** Queries the traffic operations of the admin interface. */
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Reasons,
  reasons,
  type TrafficPage,
  trafficPage,
} from '../../../src/admin/api/schema/traffic.ts'
import { until } from '../waiting/until.ts'
import { checkedAnswer } from './checked-answer.ts'
import type { TestDaemon } from './daemon.ts'

export const token = 'a-token-for-this-test-alone'
export const withToken = { headers: { Authorization: `Bearer ${token}` } }

/** Returns the recorded traffic of a worker. */
export async function requestsOf(bridge: TestDaemon, worker: string, more = ''): Promise<TrafficPage> {
  const answer = await bridge.admin(`/api/requests?worker=${worker}${more}`)
  // The interface limits the rate of these requests.
  if (answer.status === 429) {
    await wait(200)
    return requestsOf(bridge, worker, more)
  }
  return checkedAnswer(trafficPage, answer)
}

/** Waits for an exchange that ended with the code (or status), and requests its reasons. */
export async function whyOf(bridge: TestDaemon, worker: string, outcome: string | number): Promise<Reasons> {
  let found: string | undefined
  await until(`${outcome} of ${worker} is recorded`, async () => {
    const { requests } = await requestsOf(bridge, worker)
    found = requests.findLast(({ code, status }) => code === outcome || status === outcome)?.id
    return found !== undefined
  })
  const answer = await bridge.admin(`/api/requests/${encodeURIComponent(found ?? '')}`)
  return checkedAnswer(reasons, answer)
}
