/** The listener chart with its actions: on main's sockets, or on main's part of a Unix socket. */

import { fromPromise } from 'xstate'
import { listenerMachine } from '../../../actors/listener.ts'
import type { Channels } from '../channel/carrier.ts'
import type { Listeners } from './listeners.ts'
import type { UnixPaths } from './unix-path.ts'

interface ListenerHands {
  readonly listeners: Listeners
  readonly unix: UnixPaths
  readonly channels: Channels
}

export function createListenerChart({ listeners, unix, channels }: ListenerHands) {
  const placeOf = (key: string) => (unix.has(key) ? unix : listeners)
  return listenerMachine.provide({
    actors: {
      bind: fromPromise(({ input }) => placeOf(input.key).bind(input.key)),
      spare: fromPromise(({ input }) => listeners.sparing(input.key)),
    },
    guards: {
      hasOwnerAndSpare: ({ context: { key, owner } }) =>
        owner !== null && (unix.has(key) || listeners.isSpared(key)),
    },
    actions: {
      moveServer: ({ context }) => {
        const channel = channels.get(context.owner ?? '')
        if (channel) placeOf(context.key).move(context.key, channel)
      },
      recallServer: ({ self, context: { key, former } }) => {
        // A successor takes the path without help, and the former owner notices.
        if (unix.has(key)) self.send({ type: 'listener.returned', instance: former ?? '' })
        else channels.get(former ?? '')?.post({ type: 'listener.recall', key })
      },
      dropServer: ({ context }) => listeners.drop(context.key),
      // Main has nothing of a Unix socket that it could hold or refuse.
      refuseAll: ({ context: { key } }) => unix.has(key) || listeners.refuseAll(key),
      holdAgain: ({ context: { key } }) => unix.has(key) || listeners.hold(key),
      release: ({ context }) => placeOf(context.key).release(context.key),
      suspend: ({ context }) => placeOf(context.key).suspend(context.key),
    },
  })
}
