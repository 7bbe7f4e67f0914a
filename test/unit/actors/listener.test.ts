import { describe, expect, it } from 'vitest'
import { createActor, fromPromise, SimulatedClock } from 'xstate'
import { listenerMachine } from '../../../actors/listener.ts'

async function delegatedListener() {
  const clock = new SimulatedClock()
  const done: string[] = []
  const actor = createActor(
    listenerMachine.provide({
      actors: { bind: fromPromise(async () => {}) },
      actions: {
        announceBound: () => {},
        moveServer: ({ context }) => done.push(`move to ${context.owner}`),
        recallServer: ({ context }) => done.push(`recall from ${context.former}`),
        dropServer: () => done.push('drop'),
        suspend: () => done.push('suspend'),
      },
    }),
    { clock, input: { key: 'w/0/0' } },
  ).start()
  /** A bind is done. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  await settle()
  actor.send({ type: 'listener.delegate', instance: 'w#1' })
  return { actor, clock, done, settle }
}

it('a server that an overdue instance gives back, when its successor has another, is dropped', async () => {
  const { actor, clock, done, settle } = await delegatedListener()
  actor.send({ type: 'listener.delegate', instance: 'w#2' })
  clock.increment(2_000)
  await settle()
  expect(actor.getSnapshot().value).toBe('delegated')
  actor.send({ type: 'listener.returned', instance: 'w#1' })
  expect(actor.getSnapshot()).toMatchObject({ value: 'delegated', context: { owner: 'w#2' } })
  expect(done).toEqual(['move to w#1', 'recall from w#1', 'move to w#2', 'drop'])
})

it('a server that is given back in time is moved on', async () => {
  const { actor, done } = await delegatedListener()
  actor.send({ type: 'listener.delegate', instance: 'w#2' })
  actor.send({ type: 'listener.returned', instance: 'w#1' })
  expect(actor.getSnapshot().value).toBe('delegated')
  expect(done).toEqual(['move to w#1', 'recall from w#1', 'move to w#2'])
})

describe('a worker out of service', () => {
  it('has nobody listen until the next instance is there, which main listens for anew', async () => {
    const { actor, done, settle } = await delegatedListener()
    actor.send({ type: 'listener.suspend' })
    expect(actor.getSnapshot()).toMatchObject({ value: 'suspended', context: { owner: null } })
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    expect(actor.getSnapshot().value).toBe('suspended')
    actor.send({ type: 'listener.delegate', instance: 'w#2' })
    expect(actor.getSnapshot().value).toBe('rebinding')
    await settle()
    expect(actor.getSnapshot()).toMatchObject({ value: 'delegated', context: { owner: 'w#2' } })
    expect(done).toEqual(['move to w#1', 'suspend', 'move to w#2'])
  })

  it('does not take up a server that comes back late', async () => {
    const { actor, done } = await delegatedListener()
    actor.send({ type: 'listener.suspend' })
    actor.send({ type: 'listener.returned', instance: 'w#1' })
    expect(actor.getSnapshot().value).toBe('suspended')
    expect(done).toEqual(['move to w#1', 'suspend', 'drop'])
  })
})
