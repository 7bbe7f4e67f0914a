/** Owners of the listeners of slots without an instance. */
import { describe, expect, test } from 'vitest'
import { superviseFakes } from '../../kit/daemons/fake-supervisor.ts'

const crash = { exitCode: 1, errorCode: '', message: 'boom' }

describe('listeners of a worker that gave up', () => {
  test('go to living instances; without any, main refuses connections until the next attempt', () => {
    const { clock, carriers, told, state } = superviseFakes({
      slots: 3,
      listeners: [['w/0/0'], ['w/0/1'], ['w/0/2']],
      policy: { intensity: 0, revivalMs: 60_000 },
    })
    for (const carrier of carriers) carrier.ready()
    expect(told.splice(0)).toEqual(['w/0/0 delegate w#1', 'w/0/1 delegate w#2', 'w/0/2 delegate w#3'])
    const heard = () => told.splice(0).filter((line) => !line.includes('ownerGone'))
    carriers[0]?.exit(crash)
    expect([state(), heard()]).toEqual(['gaveUp', ['w/0/0 delegate w#2']])
    carriers[1]?.exit(crash)
    expect(heard()).toEqual(['w/0/0 delegate w#3', 'w/0/1 delegate w#3'])
    carriers[2]?.exit(crash)
    expect(heard()).toEqual(['w/0/0 refuse', 'w/0/1 refuse', 'w/0/2 refuse'])
    clock.increment(60_000)
    expect(heard()).toEqual(['w/0/0 hold', 'w/0/1 hold', 'w/0/2 hold'])
    carriers[3]?.ready()
    expect(heard()).toEqual(['w/0/0 delegate w#4'])
  })

  test('wait for an instance that was starting when the worker gave up', () => {
    const { carriers, told, state } = superviseFakes({
      slots: 2,
      listeners: [['w/0/0'], ['w/0/1']],
      policy: { intensity: 0 },
    })
    carriers[0]?.ready()
    told.length = 0
    carriers[0]?.exit(crash)
    expect([state(), told.splice(0)]).toEqual(['gaveUp', ['w/0/0 ownerGone w#1', 'w/0/1 ownerGone w#1']])
    carriers[1]?.ready()
    expect(told.splice(0)).toEqual(['w/0/1 delegate w#2', 'w/0/0 delegate w#2'])
  })

  test('are served again at once when the last instance ends long after the crashes of another', () => {
    const { clock, carriers, told, state } = superviseFakes({
      slots: 2,
      listeners: [['w/0/0'], ['w/0/1']],
      policy: { intensity: 1, periodMs: 10_000, revivalMs: 60_000 },
    })
    for (const carrier of carriers) carrier.ready()
    carriers[0]?.exit(crash)
    clock.increment(1)
    carriers[2]?.exit(crash)
    expect(state()).toBe('gaveUp')
    clock.increment(10_000)
    told.length = 0
    carriers[1]?.exit(crash)
    expect([state(), carriers.length]).toEqual([{ supervising: 'starting' }, 5])
    expect(told.filter((line) => line.includes('refuse'))).toEqual([])
  })

  test('are refused when the last instance ends soon after the crashes of another', () => {
    const { clock, carriers, state } = superviseFakes({
      slots: 2,
      policy: { intensity: 1, periodMs: 10_000 },
    })
    for (const carrier of carriers) carrier.ready()
    carriers[0]?.exit(crash)
    clock.increment(1)
    carriers[2]?.exit(crash)
    clock.increment(9_999)
    carriers[1]?.exit(crash)
    expect([state(), carriers.length]).toEqual(['gaveUp', 3])
  })
})

describe('listeners of a slot whose instance starts slowly', () => {
  const slow = () =>
    superviseFakes({ slots: 2, listeners: [['w/0/0'], ['w/0/1']], policy: { lendAfterMs: 500 } })

  test('are lent to a living instance, and returned once their own is alive', () => {
    const { clock, carriers, told, state } = slow()
    for (const carrier of carriers) carrier.ready()
    clock.increment(500)
    carriers[1]?.exit(crash)
    clock.increment(499)
    told.length = 0
    clock.increment(1)
    expect(told.splice(0)).toEqual(['w/0/1 delegate w#1'])
    carriers[2]?.ready()
    expect([state(), told.splice(0)]).toEqual([{ supervising: 'steady' }, ['w/0/1 delegate w#3']])
  })

  test('are lent during the first start as well', () => {
    const { clock, carriers, told } = slow()
    carriers[0]?.ready()
    clock.increment(500)
    expect(told).toEqual(['w/0/0 delegate w#1', 'w/0/1 delegate w#1'])
  })

  test('keep holding connections while no instance is alive', () => {
    const { clock, carriers, told } = slow()
    for (const carrier of carriers) carrier.ready()
    for (const carrier of [...carriers]) carrier.exit(crash)
    told.length = 0
    clock.increment(900)
    expect(told.filter((line) => !line.includes('ownerGone'))).toEqual([])
  })

  test('are not lent if the instance starts in time', () => {
    const { clock, carriers, told } = slow()
    for (const carrier of carriers) carrier.ready()
    told.length = 0
    clock.increment(5_000)
    expect(told).toEqual([])
  })
})
