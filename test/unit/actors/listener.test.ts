import { describe, expect, test } from 'vitest'
import { createActor, fromPromise, SimulatedClock } from 'xstate'
import { listenerMachine } from '../../../actors/listener.ts'

async function delegatedListener(isSpared: () => boolean = () => true) {
  const clock = new SimulatedClock()
  const done: string[] = []
  /** Promises that delay the spares of this listener. */
  const spares: Promise<void>[] = []
  const actor = createActor(
    listenerMachine.provide({
      actors: {
        bind: fromPromise(async () => {}),
        spare: fromPromise(() => spares.shift() ?? Promise.resolve()),
      },
      guards: { hasOwnerAndSpare: ({ context }) => context.owner !== null && isSpared() },
      actions: {
        announceBound: () => {},
        moveServer: ({ context }) => done.push(`move to ${context.owner}`),
        recallServer: ({ context }) => done.push(`recall from ${context.former}`),
        dropServer: () => done.push('drop'),
        suspend: () => done.push('suspend'),
        refuseAll: () => done.push('refuse'),
        holdAgain: () => done.push('hold'),
      },
    }),
    { clock, input: { key: 'w/0/0' } },
  ).start()
  /** Waits until a bind is done. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  await settle()
  actor.send({ type: 'listener.delegate', instance: 'w#1' })
  return { actor, clock, done, settle, spares }
}

test('a server returned late, after the successor received another one, is dropped', async () => {
  const { actor, clock, done, settle } = await delegatedListener()
  actor.send({ type: 'listener.delegate', instance: 'w#2' })
  clock.increment(2_000)
  await settle()
  expect(actor.getSnapshot().value).toBe('delegated')
  actor.send({ type: 'listener.returned', instance: 'w#1' })
  expect(actor.getSnapshot()).toMatchObject({ value: 'delegated', context: { owner: 'w#2' } })
  expect(done).toEqual(['move to w#1', 'recall from w#1', 'move to w#2', 'drop'])
})

test('a server returned in time is moved to the successor', async () => {
  const { actor, done } = await delegatedListener()
  actor.send({ type: 'listener.delegate', instance: 'w#2' })
  actor.send({ type: 'listener.returned', instance: 'w#1' })
  expect(actor.getSnapshot().value).toBe('delegated')
  expect(done).toEqual(['move to w#1', 'recall from w#1', 'move to w#2'])
})

describe('a worker out of service', () => {
  test('does not listen until the next instance is alive; then main listens again for it', async () => {
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

  test('does not accept a server that is returned late', async () => {
    const { actor, done } = await delegatedListener()
    actor.send({ type: 'listener.suspend' })
    actor.send({ type: 'listener.returned', instance: 'w#1' })
    expect(actor.getSnapshot().value).toBe('suspended')
    expect(done).toEqual(['move to w#1', 'suspend', 'drop'])
  })
})

describe('a server without a spare', () => {
  test('stays in main until the spare is made', async () => {
    let hasSpare = true
    const { actor, done, settle, spares } = await delegatedListener(() => hasSpare)
    hasSpare = false
    const made = Promise.withResolvers<void>()
    spares.push(made.promise)
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    actor.send({ type: 'listener.delegate', instance: 'w#2' })
    await settle()
    expect([actor.getSnapshot().value, done]).toEqual(['sparing', ['move to w#1']])
    made.resolve()
    await settle()
    expect([actor.getSnapshot().value, done]).toEqual(['delegated', ['move to w#1', 'move to w#2']])
  })

  test('waits for the next owner when its owner dies before the spare is made', async () => {
    let hasSpare = true
    const { actor, done, settle, spares } = await delegatedListener(() => hasSpare)
    hasSpare = false
    spares.push(new Promise(() => {}))
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    actor.send({ type: 'listener.delegate', instance: 'w#2' })
    await settle()
    actor.send({ type: 'listener.ownerGone', instance: 'w#2' })
    expect(actor.getSnapshot()).toMatchObject({ value: 'holding', context: { owner: null } })
    expect(done).toEqual(['move to w#1'])
  })

  test('returns to main for a spare, then goes back to the same owner', async () => {
    const { actor, done } = await delegatedListener()
    actor.send({ type: 'listener.refresh' })
    expect(actor.getSnapshot().value).toBe('recalling')
    actor.send({ type: 'listener.returned', instance: 'w#1' })
    expect(actor.getSnapshot()).toMatchObject({ value: 'delegated', context: { owner: 'w#1', former: null } })
    expect(done).toEqual(['move to w#1', 'recall from w#1', 'move to w#1'])
  })

  test('has no owner after its owner dies during the recall', async () => {
    const { actor, settle } = await delegatedListener()
    actor.send({ type: 'listener.refresh' })
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    await settle()
    expect(actor.getSnapshot()).toMatchObject({ value: 'holding', context: { owner: null, former: null } })
  })
})

describe('a worker that gave up', () => {
  test('makes main refuse connections until it is started again', async () => {
    const { actor, done, settle } = await delegatedListener()
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    actor.send({ type: 'listener.refuse' })
    await settle()
    expect([actor.getSnapshot().value, done]).toEqual(['refusing', ['move to w#1', 'refuse']])
    actor.send({ type: 'listener.hold' })
    expect([actor.getSnapshot().value, done]).toEqual(['holding', ['move to w#1', 'refuse', 'hold']])
  })

  test('hands its listener to another instance at once, also while main refuses', async () => {
    const { actor, done, settle } = await delegatedListener()
    actor.send({ type: 'listener.ownerGone', instance: 'w#1' })
    actor.send({ type: 'listener.refuse' })
    await settle()
    actor.send({ type: 'listener.delegate', instance: 'w#2' })
    expect(actor.getSnapshot()).toMatchObject({ value: 'delegated', context: { isForsaken: false } })
    expect(done).toEqual(['move to w#1', 'refuse', 'hold', 'move to w#2'])
  })

  test('does not move a listener to its current owner', async () => {
    const { actor, done } = await delegatedListener()
    actor.send({ type: 'listener.delegate', instance: 'w#1' })
    expect([actor.getSnapshot().value, done]).toEqual(['delegated', ['move to w#1']])
  })
})
