/** The carrier of each isolation. */

import type { Isolation } from '../../config/settings/settings.ts'
import type { Channel, ChannelEvents, InstanceBoot } from './channel.ts'
import { openInline } from './inline.ts'
import { openProcess } from './process.ts'
import { openThread } from './thread.ts'

type Opener = (boot: InstanceBoot, events: ChannelEvents) => Channel

const openers: Readonly<Record<Isolation, Opener>> = {
  thread: openThread,
  process: openProcess,
  shared: openInline,
}

/** Starts an incarnation where its worker is configured to live. */
export const openChannel: Opener = (boot, events) => openers[boot.worker.isolation](boot, events)
