import { describe, expect, test } from 'vitest'
import { DrivenTurns } from '../../../../kit/engine/driven-turns.ts'

/** How many of `count` requests that take `ms` each are read at once. */
function readAtOnce(turns: DrivenTurns, count: number, ms: number): number {
  let read = 0
  for (let at = 0; at < count && turns.mayProceed(); at += 1) {
    turns.work(ms)
    read += 1
  }
  return read
}

/** Connections that wait; `served` lists their names in order. */
function waiting(turns: DrivenTurns, names: readonly string[], ms: number): string[] {
  const served: string[] = []
  for (const name of names) {
    turns.wait({
      proceed: () => {
        served.push(name)
        turns.work(ms)
      },
    })
  }
  return served
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `${at}`)

describe('what arrives is read at once', () => {
  test('while the turn is young', () => {
    expect(readAtOnce(new DrivenTurns(), 1_000, 0)).toBe(1_000)
  })

  test('until the turn has lasted 2 ms', () => {
    // The time is read at every fourth request.
    expect(readAtOnce(new DrivenTurns(), 1_000, 0.5)).toBe(7)
  })

  test('for a quarter of a millisecond while connections are being accepted', () => {
    const turns = new DrivenTurns()
    turns.accepted()
    expect(readAtOnce(turns, 1_000, 1 / 16)).toBe(7)
  })

  test('for 1 ms in the turns after that, and for 2 ms when no connection was accepted for 64 turns', () => {
    const turns = new DrivenTurns()
    turns.accepted()
    const countOf = (ms: number) => {
      const count = readAtOnce(turns, 1_000, ms)
      turns.poll()
      return count
    }
    expect(names(2).map(() => countOf(1 / 16))).toEqual([7, 7])
    expect(names(62).map(() => countOf(1 / 4))).toEqual(Array(62).fill(7))
    expect(names(2).map(() => countOf(1 / 2))).toEqual([7, 7])
  })

  test('again in the next turn', () => {
    const turns = new DrivenTurns()
    readAtOnce(turns, 1_000, 1)
    turns.poll()
    expect(turns.mayProceed()).toBe(true)
  })

  test('unless others wait already', () => {
    const turns = new DrivenTurns()
    const served = waiting(turns, ['a'], 0)
    expect(turns.mayProceed()).toBe(false)
    turns.poll()
    expect(served).toEqual(['a'])
    expect(turns.mayProceed()).toBe(true)
  })
})

describe('what waits is served', () => {
  test('after the sockets were polled, in its order', () => {
    const turns = new DrivenTurns()
    const served = waiting(turns, ['a', 'b', 'c'], 0)
    expect([served, turns.waiting]).toEqual([[], 3])
    turns.poll()
    expect([served, turns.waiting]).toEqual([['a', 'b', 'c'], 0])
  })

  test('for one turn, and the rest in the next', () => {
    const turns = new DrivenTurns()
    const served = waiting(turns, names(20), 1)
    turns.poll()
    expect(served).toEqual(names(4))
    turns.poll()
    expect(served).toEqual(names(8))
  })

  test('one request at a time: a connection with more waits behind the others', () => {
    const turns = new DrivenTurns()
    const served: string[] = []
    let left = 3
    const busy = {
      proceed: () => {
        served.push('busy')
        left -= 1
        if (left > 0) turns.wait(busy)
      },
    }
    turns.wait(busy)
    turns.wait({ proceed: () => served.push('other') })
    turns.poll()
    expect(served).toEqual(['busy', 'other', 'busy', 'busy'])
  })

  test('in rounds: a connection has at most eight requests read in a turn', () => {
    const turns = new DrivenTurns()
    let served = 0
    const busy = {
      proceed: () => {
        served += 1
        turns.wait(busy)
      },
    }
    turns.wait(busy)
    turns.poll()
    expect([served, turns.waiting]).toEqual([8, 1])
    turns.poll()
    expect(served).toBe(16)
  })

  test('in its order, also if thousands wait', () => {
    const turns = new DrivenTurns()
    const served = waiting(turns, names(5_000), 0.01)
    for (let count = 0; count < 100 && turns.waiting > 0; count += 1) turns.poll()
    expect(served).toEqual(names(5_000))
  })
})

test('without requests, nothing is scheduled', () => {
  const turns = new DrivenTurns()
  expect(turns.isIdle).toBe(true)
  turns.mayProceed()
  expect(turns.isIdle).toBe(false)
  turns.poll()
  expect(turns.isIdle).toBe(true)
})
