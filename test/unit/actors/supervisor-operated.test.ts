import { describe, expect, test } from 'vitest'
import { superviseFakes } from '../../kit/daemons/fake-supervisor.ts'

/** A supervisor whose only instance is up. */
function steady() {
  const fakes = superviseFakes()
  fakes.latest().ready()
  expect(fakes.state()).toEqual({ supervising: 'steady' })
  return fakes
}

describe('op.drain', () => {
  test('drains every instance without replacement', () => {
    const { supervisor, latest, carriers, state, clock } = steady()
    supervisor.send({ type: 'op.drain' })
    expect(state()).toBe('draining')
    expect(latest().commands).toEqual(['drain'])
    latest().exit({ exitCode: 0 })
    expect(state()).toBe('drained')
    clock.increment(120_000)
    expect(carriers).toHaveLength(1)
    expect(state()).toBe('drained')
  })

  test('completes if an instance crashes meanwhile', () => {
    const { supervisor, latest, carriers, state, clock } = steady()
    supervisor.send({ type: 'op.drain' })
    latest().exit({ exitCode: 1 })
    clock.increment(60_000)
    expect(state()).toBe('drained')
    expect(carriers).toHaveLength(1)
  })

  test('cancels a restart that waits for its back-off', () => {
    const { supervisor, carriers, crashTwice, state, clock } = steady()
    crashTwice()
    supervisor.send({ type: 'op.drain' })
    expect(state()).toBe('drained')
    clock.increment(60_000)
    expect(carriers).toHaveLength(2)
  })

  test('is ignored during the first start, because the daemon waits for it', () => {
    const { supervisor, state } = superviseFakes()
    expect(supervisor.getSnapshot().can({ type: 'op.drain' })).toBe(false)
    supervisor.send({ type: 'op.drain' })
    expect(state()).toEqual({ supervising: 'starting' })
  })
})

describe('op.restart', () => {
  test('brings a drained worker back and forgets its crashes', () => {
    const { supervisor, latest, carriers, state } = steady()
    supervisor.send({ type: 'op.drain' })
    latest().exit({ exitCode: 0 })
    supervisor.send({ type: 'op.restart' })
    expect(carriers).toHaveLength(2)
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
    expect(supervisor.getSnapshot().context.history).toEqual([])
  })

  test('brings back a worker that gave up', () => {
    const { supervisor, latest, carriers, state, clock } = steady()
    for (let crash = 0; crash < 7 && state() !== 'gaveUp'; crash++) {
      latest().ready()
      latest().exit({ exitCode: 1 })
      clock.increment(400)
    }
    expect(state()).toBe('gaveUp')
    const { length } = carriers
    supervisor.send({ type: 'op.restart' })
    expect(carriers).toHaveLength(length + 1)
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
  })

  test('ends a running instance and starts the next at once, without counting a crash', () => {
    const { supervisor, carriers, latest, state, clock } = steady()
    for (let round = 1; round <= 10; round++) {
      const old = latest()
      supervisor.send({ type: 'op.restart' })
      expect(old.commands).toEqual(['kill'])
      expect(carriers).toHaveLength(round + 1)
      expect(state()).toEqual({ supervising: 'restarting' })
      latest().ready()
      expect(state()).toEqual({ supervising: 'steady' })
      clock.increment(10)
    }
    expect(supervisor.getSnapshot().context).toMatchObject({ restarts: 0, history: [] })
    expect(Object.keys(supervisor.getSnapshot().children)).toEqual(['w#11'])
  })

  test('does not affect a draining worker, which ends first', () => {
    const { supervisor, state } = steady()
    supervisor.send({ type: 'op.drain' })
    expect(supervisor.getSnapshot().can({ type: 'op.restart' })).toBe(false)
    supervisor.send({ type: 'op.restart' })
    expect(state()).toBe('draining')
  })
})

test('a draining or drained worker stops with the daemon', () => {
  const { supervisor, latest, state } = steady()
  supervisor.send({ type: 'op.drain' })
  supervisor.send({ type: 'op.stop' })
  expect(state()).toBe('stopping')
  latest().exit({ exitCode: 0 })
  expect(state()).toBe('stopped')
})

test('a change of limits appears in the chart without a transition', () => {
  const { supervisor, state } = steady()
  supervisor.send({ type: 'op.limits' })
  expect(state()).toEqual({ supervising: 'steady' })
  expect(supervisor.getSnapshot().context.limitChanges).toBe(1)
})
