import { describe, expect, test } from 'vitest'
import {
  linesWith,
  memoryLimits,
  noFailures,
  replaceUnderLoad,
  startLimitedWorkers,
} from '../../kit/daemons/limited-workers.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

describe.each(memoryLimits)('an event loop ($isolation)', ({ isolation }) => {
  test('stuck for stuck_secs gets its instance replaced; no connection is refused', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(
      `http://${origin.authority}`,
      { stuck_secs: 1 },
      { isolation },
    )
    const { hit, other } = await replaceUnderLoad(running, 'spin')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(noFailures)
    await until('the end is logged', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"stuck"')
    expect(linesWith(running, 'instance is stuck')).toHaveLength(1)
    expect(running.stateOf('supervisor:static_files')).toBe('supervising.steady')
  })
})
