import { describe, expect, test } from 'vitest'
import { createActor, setup } from 'xstate'
import type { CarrierCommand, InstanceInput } from '../../../../actors/instance.ts'
import { Channels, createCarrier } from '../../../../src/supervise/channel/carrier.ts'
import type { Channel, ChannelEvents, InstanceBoot } from '../../../../src/supervise/channel/channel.ts'

/** A carrier over a fake channel, below a chart that records its events. */
function carry(open?: () => Channel) {
  const scope = new AbortController()
  const received: { readonly type: string }[] = []
  const did: string[] = []
  let events: ChannelEvents | null = null
  const channels = new Channels()
  const channel: Channel = {
    id: 'w#1',
    post: ({ type }) => did.push(type),
    usage: () => Promise.reject(new Error('none')),
    kill: () => did.push('kill'),
  }
  const carrier = createCarrier({
    channels,
    open(_boot, given) {
      events = given
      return open?.() ?? channel
    },
    bootOf: () => ({}) as InstanceBoot,
    onMessage: (id, { type }) => did.push(`${id} said ${type}`),
    onUndelivered: () => {},
    onGone: ({ id }) => did.push(`${id} gone`),
  })
  const input: InstanceInput = {
    id: 'w#1',
    worker: 'w',
    slot: 0,
    generation: 1,
    startTimeoutMs: 1_000,
    drainTimeoutMs: 1_000,
    signal: scope.signal,
  }
  const chart = setup({
    types: { events: {} as { readonly type: string } },
    actors: { carrier },
    actions: { note: ({ event }) => received.push(event) },
  }).createMachine({
    invoke: { id: 'carrier', src: 'carrier', input: () => input },
    on: {
      break: {
        actions: () => {
          throw new Error('broken')
        },
      },
      '*': { actions: 'note' },
    },
  })
  const actor = createActor(chart)
  actor.subscribe({ error: () => {} })
  actor.start()
  const send = (command: CarrierCommand) => actor.getSnapshot().children['carrier']?.send(command as never)
  return { actor, scope, received, did, channels, send, says: () => events as unknown as ChannelEvents }
}

describe('the carrier of an incarnation', () => {
  test('turns messages of its channel into events', () => {
    const { received, did, says, send, channels } = carry()
    says().message({ type: 'thread.ready' })
    says().closing()
    send({ type: 'kill' })
    says().exit({ exitCode: 1, errorCode: 'TERMINATED' })
    expect(received.map(({ type }) => type)).toEqual(['thread.ready', 'thread.closing', 'thread.exit'])
    expect(did).toEqual(['kill', 'w#1 gone'])
    expect(channels.all()).toEqual([])
  })

  test('ends like any other when its channel cannot be opened', async () => {
    const { received, did, actor } = carry(() => {
      throw new Error('no thread')
    })
    await Promise.resolve()
    expect(received).toEqual([{ type: 'thread.exit', exitCode: 1, errorCode: 'SPAWN', message: 'no thread' }])
    expect(did).toEqual(['w#1 gone'])
    expect(actor.getSnapshot().status).toBe('active')
  })

  test('ends its channel and cleans up when the signal of its failed chart aborts', () => {
    const { actor, scope, received, did, says, channels } = carry()
    actor.send({ type: 'break' })
    expect(actor.getSnapshot().status).toBe('error')
    expect(did).toEqual([])
    scope.abort()
    expect(did).toEqual(['kill'])
    says().message({ type: 'thread.ready' })
    says().closing()
    says().exit({ exitCode: 1, errorCode: 'TERMINATED' })
    expect(received).toEqual([])
    expect(did).toEqual(['kill', 'w#1 gone'])
    expect(channels.all()).toEqual([])
  })

  test('ends its channel when its chart ends', () => {
    const { actor, did } = carry()
    actor.stop()
    expect(did).toEqual(['kill'])
  })
})
