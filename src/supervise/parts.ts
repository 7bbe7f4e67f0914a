/**
 * Parts of main that must be up before workers start: servers with an address of their own that are not workers. The actor opens
 * them all, reports the result of each, and closes them when it is stopped.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fromCallback } from 'xstate'
import type { ListenAddress } from '../config/settings/settings.ts'
import { BifrostError } from '../errors.ts'
import { childFlags, processEnvironment } from './channel/child-options.ts'
import { bindFailure } from './listeners/bind-error.ts'

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

const demoEntry = new URL(`../demo/process${extname(import.meta.filename)}`, import.meta.url)

/** Messages of src/demo/process. */
type DemoReport =
  | { readonly type: 'demo.ready' }
  | { readonly type: 'demo.failed'; readonly code: string; readonly message: string }

/** The demo upstream, in a process of its own: its traffic and memory are not the daemon's. */
export function createDemoPart(listen: ListenAddress): Part {
  let child: ChildProcess | null = null
  return {
    name: 'demo_upstream',
    open() {
      const upstream = fork(demoEntry, [listen.host, String(listen.port)], {
        execArgv: childFlags(),
        env: processEnvironment(process.env),
      })
      child = upstream
      return new Promise((resolve, reject) => {
        upstream.on('message', (report: DemoReport) => {
          if (report.type === 'demo.ready') resolve()
          else
            reject(
              bindFailure(listen, Object.assign(new Error(report.message), report), ' for the demo upstream'),
            )
        })
        upstream.on('error', (cause) =>
          reject(new BifrostError('WORKER_FAILED', 'the demo upstream failed', { cause })),
        )
        upstream.on('exit', () => reject(new BifrostError('WORKER_FAILED', 'the demo upstream ended')))
      })
    },
    close() {
      if (child?.connected) child.disconnect()
    },
  }
}
