import { expect, test } from 'vitest'
import { Remembered, TaskQueue } from '../../../../../src/proxy/guard/auth/bounds.ts'

test('values expire, and the oldest is dropped when the cache is full', () => {
  const memory = new Remembered<number>(2)
  memory.set('a', 1, 100)
  expect([memory.get('a', 99), memory.get('a', 100)]).toEqual([1, undefined])
  memory.set('a', 1, 100)
  memory.set('b', 2, 100)
  memory.set('a', 3, 100)
  memory.set('c', 4, 100)
  expect(['a', 'b', 'c'].map((key) => memory.get(key, 0))).toEqual([3, undefined, 4])
})

/** Tasks that end on demand. */
function tasks() {
  const started: (() => void)[] = []
  const task = () => new Promise<string>((resolve) => started.push(() => resolve('done')))
  return { started, task }
}

test('tasks over the limit wait in order', async () => {
  const gate = new TaskQueue({ running: 2, all: 10, perClient: 10 })
  const { started, task } = tasks()
  const results = ['a', 'b', 'c', 'd'].map((client) => gate.run(client, task))
  expect(started).toHaveLength(2)
  started[0]?.()
  await results[0]
  await Promise.resolve()
  expect(started).toHaveLength(3)
  started[1]?.()
  await results[1]
  await Promise.resolve()
  for (const end of started) end()
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done'])
})

test('tasks over the total limit or the limit of a client are rejected, and failed tasks free their place', async () => {
  const gate = new TaskQueue({ running: 1, all: 3, perClient: 2 })
  const { started, task } = tasks()
  const fail = () => Promise.reject(new Error('no'))
  const first = gate.run('a', fail)
  const second = gate.run('a', task)
  expect(gate.run('a', task)).toBeNull()
  const third = gate.run('b', task)
  expect(gate.run('c', task)).toBeNull()
  await expect(first).rejects.toThrow('no')
  await Promise.resolve()
  started[0]?.()
  await second
  await Promise.resolve()
  started[1]?.()
  await third
  const again = gate.run('a', async () => 'again')
  expect(await again).toBe('again')
})
