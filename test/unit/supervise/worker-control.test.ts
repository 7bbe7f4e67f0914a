import { describe, expect, test } from 'vitest'
import { createWorkerControl, type WorkerAction } from '../../../src/supervise/worker-control.ts'
import { superviseFakes } from '../../kit/daemons/fake-supervisor.ts'

function controlled() {
  const fakes = superviseFakes()
  const lines: string[] = []
  const control = createWorkerControl({
    workers: ['w'],
    find: (actor) => (actor === 'supervisor:w' ? fakes.supervisor : undefined),
    log: (_, message) => lines.push(message),
  })
  return { ...fakes, lines, act: (action: WorkerAction) => control.act('w', action, 'a test') }
}

const actions = ['drain', 'recycle', 'restart'] as const

describe('an action of an operator', () => {
  test.each(actions)('%s is refused with an explanation during the first start of the worker', (action) => {
    const { act, lines, supervisor } = controlled()
    const before = supervisor.getSnapshot()
    expect(act(action)).toEqual({
      refusedIn: 'supervising.starting',
      reason: 'no instance has started yet; wait for the state supervising.steady',
    })
    expect(supervisor.getSnapshot().value).toEqual(before.value)
    expect(lines).toEqual([])
  })

  test('recycle, unlike restart, is refused while no instance is up', () => {
    const { act, latest, crashTwice } = controlled()
    latest().ready()
    crashTwice()
    expect(act('recycle')).toEqual({
      refusedIn: 'supervising.restarting',
      reason:
        'no instance is running after a crash; wait for the state supervising.steady, or restart the worker',
    })
    expect(act('restart')).toMatchObject({ event: 'op.restart' })
  })

  test.each(actions)('%s is sent to a worker that is up', (action) => {
    const { act, latest, lines } = controlled()
    latest().ready()
    expect(act(action)).toMatchObject({ event: `op.${action}` })
    expect(lines).toEqual([`worker: ${action}`])
  })

  test('drain and recycle are refused for a worker out of service; restart brings it back', () => {
    const { act, latest } = controlled()
    latest().ready()
    act('drain')
    for (const action of actions)
      expect(act(action)).toEqual({
        refusedIn: 'draining',
        reason: 'it is draining; restart it when it is drained',
      })
    latest().exit({ exitCode: 0 })
    for (const action of ['drain', 'recycle'] as const)
      expect(act(action)).toEqual({
        refusedIn: 'drained',
        reason: 'it is out of service; restart it to bring it back',
      })
    expect(act('restart')).toMatchObject({ event: 'op.restart' })
  })

  test('is refused while the supervisor does not run, and unknown for an unknown worker', () => {
    const control = createWorkerControl({ workers: ['w'], find: () => undefined, log: () => {} })
    expect(control.act('w', 'drain', 'a test')).toEqual({
      refusedIn: 'not running',
      reason: 'the daemon is starting or stopping',
    })
    expect(control.act('nobody', 'drain', 'a test')).toBeNull()
  })
})
