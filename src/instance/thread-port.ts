/** The instance's end of its channel, in a worker thread. */

import { parentPort, workerData } from 'node:worker_threads'
import { BifrostError } from '../errors.ts'
import {
  type Envelope,
  type FromInstance,
  type InstancePort,
  protocolVersion,
  type ToInstance,
} from '../supervise/channel/channel.ts'
import type { ThreadStart } from '../supervise/channel/thread.ts'

/** Call it once, in the thread. */
export function connectThread(): ThreadStart & { readonly port: InstancePort } {
  const main = parentPort
  if (main === null)
    throw new BifrostError('WORKER_FAILED', 'src/instance/thread-entry runs in a worker thread only')
  const { boot, lifeline } = workerData as ThreadStart
  return {
    boot,
    lifeline,
    port: {
      post(body, transfer = []) {
        const envelope: Envelope<FromInstance> = {
          v: protocolVersion,
          generation: boot.generation,
          body,
        }
        main.postMessage(envelope, transfer as never)
      },
      onMessage(receive) {
        main.on('message', (envelope: Envelope<ToInstance>) => {
          if (envelope.v === protocolVersion && envelope.generation === boot.generation)
            receive(envelope.body)
        })
      },
      // A message port holds a message as soon as it is posted.
      whenPosted: (then) => then(),
      close: () => main.close(),
    },
  }
}
