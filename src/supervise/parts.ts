import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fromCallback } from 'xstate'
import type { ListenAddress } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import { bindFailure } from './bind-error.ts'

/**
 * The parts of main that must be up before workers start: whatever opens an address of its own and is no proxy. The
 * actor opens them all, says of each whether it is up, and closes them when it is stopped.
 */
export interface Part {
  readonly name: string
  /** Resolves when it is up; rejects with a BifrostError. */
  open(): Promise<void>
  close(): void
}

type PartReport =
  | { readonly type: 'part.ready'; readonly part: string }
  | { readonly type: 'part.failed'; readonly part: string; readonly error: unknown }

export function createPartsActor(parts: readonly Part[]) {
  return fromCallback<{ type: 'none' }, { readonly parts: readonly string[] }>(({ sendBack }) => {
    const report = (message: PartReport) => sendBack(message)
    for (const part of parts) {
      part.open().then(
        () => report({ type: 'part.ready', part: part.name }),
        (error: unknown) => report({ type: 'part.failed', part: part.name, error }),
      )
    }
    return () => {
      for (const part of parts) part.close()
    }
  })
}

const demoEntry = new URL(`../demo/thread${extname(import.meta.filename)}`, import.meta.url)

/** What src/demo/thread tells. */
type DemoReport =
  | { readonly type: 'demo.ready' }
  | { readonly type: 'demo.failed'; readonly code: string; readonly message: string }

/** The embedded demo upstream, in a thread of its own so that its traffic does not touch main. */
export function createDemoPart(listen: ListenAddress): Part {
  let worker: Worker | null = null
  return {
    name: 'demo_upstream',
    open() {
      const thread = new Worker(demoEntry, { name: 'demo_upstream', workerData: listen })
      worker = thread
      return new Promise((resolve, reject) => {
        thread.on('message', (report: DemoReport) => {
          if (report.type === 'demo.ready') resolve()
          else
            reject(
              bindFailure(listen, Object.assign(new Error(report.message), report), ' for the demo upstream'),
            )
        })
        thread.on('error', (cause) =>
          reject(new BifrostError('WORKER_FAILED', 'the demo upstream failed', { cause })),
        )
        thread.on('exit', () => reject(new BifrostError('WORKER_FAILED', 'the demo upstream ended')))
      })
    },
    close() {
      void worker?.terminate()
    },
  }
}
