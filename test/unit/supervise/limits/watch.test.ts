import { describe, expect, test } from 'vitest'
import type { InstanceSample } from '../../../../src/supervise/limits/samples.ts'
import { Watch } from '../../../../src/supervise/limits/watch.ts'

const sample = (change: Partial<InstanceSample> = {}): InstanceSample => ({
  id: 'w#1',
  at: 0,
  isRead: true,
  memoryBytes: 100,
  cpuMs: 0,
  loopUtilization: 0.1,
  beats: 0,
  loopDelayP99Ms: 0,
  ...change,
})

function watching(options: { readonly isContained?: boolean } = {}) {
  const heard: string[] = []
  const states: Record<string, string> = { 'w#1': 'running.alive' }
  const watch = new Watch({
    limitsOf: () => ({ maxMemoryBytes: 1_000, maxCpuPercent: 50, stuckMs: 1_000, cpus: 1 }),
    isContained: () => options.isContained ?? true,
    stateOf: (id) => states[id] ?? null,
    tellInstance: (id, message) => heard.push(`${id} ${message.type}`),
    tellChart: (actor, event) => heard.push(`${actor} ${event.type}`),
    log: (level, message) => heard.push(`${level} ${message}`),
  })
  let second = 0
  /** Judges one sample a second; the instance beats unless the sample says otherwise. */
  const judge = (...samples: readonly Partial<InstanceSample>[]) => {
    for (const one of samples) {
      second += 1
      watch.judge([sample({ at: second * 1_000, beats: second, ...one })])
    }
  }
  return { watch, heard, states, judge }
}

const full = { memoryBytes: 1_000 }

describe('watch', () => {
  test('notifies the instance when a limit is exceeded and when all have recovered', () => {
    const { watch, heard, judge } = watching()
    judge({ memoryBytes: 900 }, { memoryBytes: 900 }, {})
    expect(heard).toEqual([
      'warn limit exceeded',
      'w#1 limit.exceeded',
      'info limit recovered',
      'w#1 limit.recovered',
    ])
    expect(watch.reasonsOf('w#1')).toEqual([])
  })

  test('stays exceeded while any limit is exceeded', () => {
    const { watch, heard, judge } = watching()
    judge(
      { memoryBytes: 900, cpuMs: 0 },
      { memoryBytes: 900, cpuMs: 900 },
      { memoryBytes: 900, cpuMs: 1_800 },
    )
    judge({ cpuMs: 2_700 })
    expect(heard.filter((line) => line.startsWith('w#1'))).toEqual(['w#1 limit.exceeded'])
    expect(watch.reasonsOf('w#1')).toEqual(['cpu at 180 % of the limit'])
  })

  test('requests a recycle from the supervisor once', () => {
    const { heard, judge } = watching()
    judge(full, full, full, full, full)
    expect(heard.filter((line) => line.includes('recycle'))).toEqual([
      'warn instance is recycled',
      'supervisor:w op.recycle',
    ])
  })

  test('spaces out recycles of a worker that exceeds its limit from the start', () => {
    const { heard, states, judge } = watching()
    let lives = 0
    for (let generation = 1; generation <= 20; generation++) {
      const id = `w#${generation}`
      states[id] = 'running.alive'
      const asked = heard.length
      while (!heard.slice(asked).includes('supervisor:w op.recycle')) {
        judge({ ...full, id })
        lives += 1
      }
    }
    // At three seconds each it would have been 60.
    expect(lives).toBeGreaterThan(400)
  })

  test('notifies the chart of a stuck instance', () => {
    const { heard, judge } = watching()
    judge({}, { loopUtilization: 1, beats: 1 })
    expect(heard).toEqual(['error instance is stuck', 'w#1 thread.stuck'])
  })

  test.each(['running.failing', 'running.starting', 'running.killing'])(
    'does not judge an instance that is %s',
    (state) => {
      const { heard, states, judge } = watching()
      states['w#1'] = state
      judge({ memoryBytes: 2_000 }, { loopUtilization: 1, beats: 1 }, { loopUtilization: 1, beats: 1 })
      expect(heard).toEqual([])
    },
  )

  test('ends a retiring instance only if it far exceeds its memory limit', () => {
    const { heard, states, judge } = watching()
    states['w#1'] = 'running.retiring'
    judge(full, full, full, full)
    expect(heard).toEqual([])
    judge({ memoryBytes: 1_500 })
    expect(heard).toEqual(['error instance is ended', 'w#1 memory.overgrown'])
  })

  test('ends no instance in the main thread', () => {
    const { heard, judge } = watching({ isContained: false })
    judge({ memoryBytes: 2_000 }, { memoryBytes: 2_000, loopUtilization: 1, beats: 1 })
    expect(heard).toEqual(['warn limit exceeded', 'w#1 limit.exceeded'])
  })

  test('ignores a failed reading', () => {
    const { heard, judge } = watching()
    judge({ memoryBytes: 900 }, { isRead: false, memoryBytes: 0 })
    expect(heard).not.toContain('w#1 limit.recovered')
  })
})
