import { expect, test } from 'vitest'
import { inTurn } from '../../../../src/supervise/listeners/bind-turn.ts'

test('binds to one port run one after the other, binds to other ports at once', async () => {
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const inside = Promise.withResolvers<void>()
  const first = inTurn(21_111, async () => {
    order.push('first begins')
    inside.resolve()
    await gate.promise
    order.push('first ends')
  })
  await inside.promise
  const second = inTurn(21_111, async () => order.push('second'))
  await inTurn(21_112, async () => order.push('other port'))
  gate.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['first begins', 'other port', 'first ends', 'second'])
})

test('a failure ends the turn and is passed on', async () => {
  await expect(inTurn(21_113, () => Promise.reject(new Error('in use')))).rejects.toThrow('in use')
  expect(await inTurn(21_113, async () => 'free')).toBe('free')
})

test('a turn that is never released delays a start but does not prevent it', async () => {
  const never = Promise.withResolvers<string>()
  const stuck = inTurn(21_114, () => never.promise)
  expect(await inTurn(21_114, async () => 'went on', 50)).toBe('went on')
  never.resolve('over')
  await stuck
})
