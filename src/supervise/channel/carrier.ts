/** The actor behind an instance chart, and the channels of all live instances. */

import type { Socket } from 'node:net'
import { fromCallback } from 'xstate'
import { isInstanceOf } from '../../../actors/ids.ts'
import type { CarrierCommand, CarrierExit, InstanceInput } from '../../../actors/instance.ts'
import type { Channel, ChannelEvents, FromInstance, InstanceBoot, ToInstance } from './channel.ts'

/** Live channels by instance id; main's only way to an instance. */
export class Channels {
  readonly #live = new Map<string, Channel>()

  add(channel: Channel): void {
    this.#live.set(channel.id, channel)
  }

  delete(id: string): void {
    this.#live.delete(id)
  }

  get(id: string): Channel | undefined {
    return this.#live.get(id)
  }

  /** Channels to the instances of a worker. */
  of(worker: string): readonly Channel[] {
    return this.all().filter(({ id }) => isInstanceOf(id, worker))
  }

  /** Tells all of them. */
  post(message: ToInstance): void {
    for (const channel of this.#live.values()) channel.post(message)
  }

  all(): readonly Channel[] {
    return [...this.#live.values()]
  }
}

export interface CarrierOptions {
  readonly channels: Channels
  readonly open: (boot: InstanceBoot, events: ChannelEvents) => Channel
  readonly bootOf: (input: InstanceInput) => InstanceBoot
  /** Receives all messages except `thread.ready` and `thread.failed`. */
  readonly onMessage: (id: string, message: FromInstance) => void
  /** A socket that an instance has not got before its end. */
  readonly onUndelivered: (key: string, socket: Socket) => void
  readonly onGone: (input: InstanceInput) => void
}

/**
 * Starts the incarnation and turns the messages of its channel into events. Nothing here throws
 * asynchronously, since XState would not catch it.
 */
export function createCarrier(options: CarrierOptions) {
  return fromCallback<CarrierCommand, InstanceInput>(({ input, sendBack, receive }) => {
    // A stopped chart must not be sent anything; the exit of its thread still has to be cleared up.
    let isOver = false
    const events: ChannelEvents = {
      message(message) {
        if (message.type !== 'thread.ready' && message.type !== 'thread.failed')
          options.onMessage(input.id, message)
        else if (!isOver) sendBack(message)
      },
      closing() {
        if (!isOver) sendBack({ type: 'thread.closing' })
      },
      undelivered: options.onUndelivered,
      exit(exit: CarrierExit) {
        options.channels.delete(input.id)
        options.onGone(input)
        if (!isOver) sendBack({ type: 'thread.exit', ...exit })
      },
    }
    let channel: Channel
    try {
      channel = options.open(options.bootOf(input), events)
    } catch (error) {
      // No thread could be made, for want of memory or descriptors.
      const message = error instanceof Error ? error.message : String(error)
      queueMicrotask(() => events.exit({ exitCode: 1, errorCode: 'SPAWN', message }))
      return () => {
        isOver = true
      }
    }
    options.channels.add(channel)
    receive((command) => {
      if (command.type === 'kill') channel.kill()
      else channel.post({ type: 'op.drain' })
    })
    const end = () => {
      isOver = true
      channel.kill()
    }
    input.signal.addEventListener('abort', end, { once: true })
    return end
  })
}
