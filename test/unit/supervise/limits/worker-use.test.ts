import { expect, test } from 'vitest'
import { WorkerUse } from '../../../../src/supervise/limits/worker-use.ts'

const sample = (id: string, cpuMs: number, isRead = true) => ({
  id,
  cpuMs,
  isRead,
  at: 0,
  memoryBytes: 0,
  loopUtilization: 0,
  beats: 0,
  loopDelayP99Ms: 0,
})

test('CPU time of a worker never decreases when instances start or end', () => {
  const use = new WorkerUse()
  use.update([sample('a#1', 100), sample('b#1', 7)])
  use.update([sample('a#1', 200), sample('a#2', 10)])
  expect([use.cpuMs('a'), use.cpuMs('b')]).toEqual([210, 7])
  use.update([sample('a#2', 30)])
  expect(use.cpuMs('a')).toBe(230)
  use.update([sample('a#2', 0, false)])
  expect(use.cpuMs('a')).toBe(230)
})
