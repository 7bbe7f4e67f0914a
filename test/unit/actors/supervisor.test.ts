import { describe, expect, test } from 'vitest'
import { childIds, superviseFakes } from '../../kit/daemons/fake-supervisor.ts'

const crash = { exitCode: 1, errorCode: '', message: 'boom' }

describe('supervisor chart', () => {
  test('is steady once its instance is ready', () => {
    const { latest, state } = superviseFakes()
    expect(state()).toEqual({ supervising: 'starting' })
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
  })

  test('restarts a crashed instance as the next generation', () => {
    const { clock, carriers, latest, state } = superviseFakes()
    latest().ready()
    latest().exit(crash)
    expect(state()).toEqual({ supervising: 'restarting' })
    clock.increment(1)
    expect(carriers.map(({ input }) => input.id)).toEqual(['w#1', 'w#2'])
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
  })

  test('reports the reason of the latest end', () => {
    const { latest, supervisor } = superviseFakes()
    latest().ready()
    latest().exit(crash)
    expect(supervisor.getSnapshot().context.lastEnd).toMatchObject({
      id: 'w#1',
      reason: 'threw',
      message: 'boom',
    })
  })

  test('aborts the signal of an ended incarnation', () => {
    const { latest } = superviseFakes()
    const { signal } = latest().input
    latest().ready()
    latest().exit(crash)
    expect(signal.aborted).toBe(true)
  })

  test('keeps no reference to an ended child', () => {
    const { clock, latest, supervisor } = superviseFakes()
    latest().exit(crash)
    clock.increment(1)
    expect(childIds(supervisor)).toEqual(['w#2'])
  })

  test('backs off longer with each crash', () => {
    const { clock, carriers, latest } = superviseFakes({ policy: { minBackoffMs: 100 } })
    latest().exit(crash)
    clock.increment(0)
    latest().exit(crash)
    clock.increment(99)
    expect(carriers.length).toBe(2)
    clock.increment(1)
    expect(carriers.length).toBe(3)
    latest().exit(crash)
    clock.increment(199)
    expect(carriers.length).toBe(3)
    clock.increment(1)
    expect(carriers.length).toBe(4)
  })

  test('gives up after more crashes than allowed, and tries again after the revival time', () => {
    const { clock, carriers, latest, state } = superviseFakes({ policy: { intensity: 2, revivalMs: 60_000 } })
    for (let crashes = 0; crashes < 3; crashes++) {
      latest().exit(crash)
      clock.increment(1_000)
    }
    expect(state()).toBe('gaveUp')
    expect(carriers.length).toBe(3)
    clock.increment(59_000)
    expect(state()).toEqual({ supervising: 'starting' })
    expect(carriers.length).toBe(4)
  })

  test('forgets crashes that are older than the period', () => {
    const { clock, latest, state } = superviseFakes({ policy: { intensity: 1, periodMs: 1_000 } })
    for (let crashes = 0; crashes < 5; crashes++) {
      latest().exit(crash)
      clock.increment(2_000)
    }
    expect(state()).toEqual({ supervising: 'starting' })
  })

  test('restarts only the slot that ended', () => {
    const { clock, carriers } = superviseFakes({ slots: 3 })
    for (const carrier of carriers) carrier.ready()
    carriers[1]?.exit(crash)
    clock.increment(1)
    expect(carriers.map(({ input }) => `${input.id}@${input.slot}`)).toEqual([
      'w#1@0',
      'w#2@1',
      'w#3@2',
      'w#4@1',
    ])
  })

  test('replaces a stuck instance before ending it, so that main listens first', () => {
    const { clock, carriers, latest, supervisor } = superviseFakes()
    latest().ready()
    latest().stuck()
    clock.increment(50)
    expect(carriers.map(({ input }) => input.id)).toEqual(['w#1', 'w#2'])
    expect(carriers[0]?.commands).toEqual([])
    clock.increment(50)
    expect(carriers[0]?.commands).toEqual(['kill'])
    expect(supervisor.getSnapshot().context.lastEnd).toMatchObject({ id: 'w#1', reason: 'stuck' })
    expect(carriers.length).toBe(2)
  })

  test('replaces a failing instance without waiting for its end', () => {
    const { clock, carriers, latest, supervisor } = superviseFakes()
    latest().ready()
    latest().failed('boom')
    clock.increment(1)
    expect(carriers.map(({ input }) => input.id)).toEqual(['w#1', 'w#2'])
    carriers[0]?.exit({ exitCode: 1 })
    expect(supervisor.getSnapshot().context.lastEnd).toMatchObject({
      id: 'w#1',
      reason: 'threw',
      message: 'boom',
    })
    clock.increment(10_000)
    expect(carriers.length).toBe(2)
  })

  test('kills an instance that is not ready in time', () => {
    const { clock, supervisor } = superviseFakes()
    clock.increment(1_000)
    expect(supervisor.getSnapshot().context.lastEnd?.reason).toBe('startTimeout')
  })
})

describe('a planned replacement', () => {
  test('starts the successor first and retires the old instance once the successor is alive', () => {
    const { carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.recycle' })
    expect(carriers.map(({ input }) => input.id)).toEqual(['w#1', 'w#2'])
    expect(carriers[0]?.commands).toEqual([])
    latest().ready()
    expect(carriers[0]?.commands).toEqual(['drain'])
    carriers[0]?.exit({ exitCode: 0 })
    expect(supervisor.getSnapshot().context.lastEnd).toMatchObject({ id: 'w#1', reason: 'recycled' })
    expect(childIds(supervisor)).toEqual(['w#2'])
    expect(state()).toEqual({ supervising: 'steady' })
  })

  test('runs only once at a time', () => {
    const { carriers, latest, supervisor } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.recycle' })
    supervisor.send({ type: 'op.recycle' })
    expect(carriers.length).toBe(2)
  })

  test('keeps the old instance if the successor does not start', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.recycle' })
    latest().exit(crash)
    clock.increment(10_000)
    expect(carriers.length).toBe(2)
    expect(state()).toEqual({ supervising: 'steady' })
    expect(childIds(supervisor)).toEqual(['w#1'])
  })

  test('continues with the successor if the old instance dies meanwhile', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.recycle' })
    carriers[0]?.exit(crash)
    clock.increment(10)
    expect(carriers.length).toBe(2)
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
    expect(childIds(supervisor)).toEqual(['w#2'])
  })

  test('of one instance does not affect the others', () => {
    const { carriers, supervisor } = superviseFakes({ slots: 2 })
    for (const carrier of carriers) carrier.ready()
    supervisor.send({ type: 'op.recycle', id: 'w#2' })
    expect(carriers.map(({ input }) => `${input.id}@${input.slot}`)).toEqual(['w#1@0', 'w#2@1', 'w#3@1'])
  })
})

describe('stopping a supervisor', () => {
  test('waits for the drained instance', () => {
    const { announced, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.stop' })
    expect(carriers[0]?.commands).toEqual(['drain'])
    expect(state()).toBe('stopping')
    latest().exit({ exitCode: 0 })
    expect(state()).toBe('stopped')
    expect(announced).toEqual(['up'])
  })

  test('cancels pending starts', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes({ policy: { minBackoffMs: 100 } })
    latest().exit(crash)
    supervisor.send({ type: 'op.stop' })
    clock.increment(10_000)
    expect(state()).toBe('stopped')
    expect(carriers.length).toBe(1)
  })

  test('kills an instance that misses the deadline', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.stop' })
    clock.increment(6_000)
    expect(carriers[0]?.commands).toEqual(['drain', 'kill'])
    expect(state()).toBe('stopped')
  })

  test('does not restart an instance that crashes while it drains', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    supervisor.send({ type: 'op.stop' })
    latest().exit(crash)
    clock.increment(10_000)
    expect(carriers.length).toBe(1)
    expect(state()).toBe('stopped')
  })
})
