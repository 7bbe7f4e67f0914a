/** Copies of listening sockets. */

import { type ChildProcess, fork } from 'node:child_process'
import type { Server } from 'node:net'
import { extname } from 'node:path'
import { childFlags, processEnvironment } from '../channel/child-options.ts'

/**
 * The socket itself, without a server around it: it listens in the kernel, and main does not accept from it.
 */
export interface SocketHandle {
  close(): void
}

/** An idle child is ended after this time. */
const restMs = 250

const entry = new URL(`./mirror-process${extname(import.meta.filename)}`, import.meta.url)

const forkMirror = () =>
  fork(entry, {
    execArgv: childFlags(),
    env: processEnvironment(process.env),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })

/**
 * Makes second descriptors of listening sockets. Node has no call for that, but a descriptor that is sent to
 * another process and back returns as a new one. So a small child, which lives for about 50 ms, sends back
 * every socket. While main has such a copy, the kernel's accept queue outlives the instance that accepts from
 * it, however that ends.
 */
export class Mirror {
  #child: ChildProcess | null = null
  #rest: NodeJS.Timeout | undefined
  #isClosed = false
  #seq = 0
  readonly #fork: () => ChildProcess
  readonly #pending = new Map<number, (handle: SocketHandle | null) => void>()

  constructor(start: () => ChildProcess = forkMirror) {
    this.#fork = start
  }

  /**
   * A copy of the socket of a listening server; null if none can be made. The server may be moved at once.
   */
  copy(server: Server): Promise<SocketHandle | null> {
    // Other private API is used in src/http/transport/handles.ts only, which this folder may not import.
    const handle = (server as unknown as { readonly _handle: SocketHandle | null })._handle
    if (this.#isClosed || handle === null) return Promise.resolve(null)
    clearTimeout(this.#rest)
    const child = this.#child ?? this.#start()
    if (child === null) return Promise.resolve(null)
    this.#child = child
    const seq = ++this.#seq
    return new Promise((resolve) => {
      this.#pending.set(seq, resolve)
      child.send({ seq }, handle as never, { keepOpen: true }, (error) => {
        if (error !== null) this.#settle(seq, null)
      })
    })
  }

  close(): void {
    this.#isClosed = true
    this.abandon()
  }

  /** Ends a child that does not answer. Its pending copies are null; another child makes the next one. */
  abandon(): void {
    this.#child?.kill('SIGKILL')
    this.#child = null
    this.#giveUp()
  }

  /** Null when the machine has no process, memory or descriptor for it. */
  #start(): ChildProcess | null {
    let child: ChildProcess
    try {
      child = this.#fork()
    } catch {
      return null
    }
    // A child that could not be started reports it with `error`, and has no channel.
    if (child.pid === undefined) {
      child.on('error', () => {})
      return null
    }
    child.unref()
    child.channel?.unref()
    child.on('message', ({ seq }: { readonly seq: number }, handle) =>
      this.#settle(seq, (handle ?? null) as SocketHandle | null),
    )
    const end = (): void => {
      if (this.#child !== child) return
      this.#child = null
      this.#giveUp()
    }
    child.on('error', end)
    child.on('disconnect', end)
    // A child killed while a socket is on its way emits no `disconnect`.
    child.on('close', end)
    return child
  }

  #giveUp(): void {
    clearTimeout(this.#rest)
    for (const seq of [...this.#pending.keys()]) this.#settle(seq, null)
  }

  #settle(seq: number, handle: SocketHandle | null): void {
    const resolve = this.#pending.get(seq)
    this.#pending.delete(seq)
    if (resolve === undefined || this.#isClosed) handle?.close()
    resolve?.(this.#isClosed ? null : handle)
    if (this.#pending.size > 0 || this.#child === null) return
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => this.#dismiss(), restMs)
    this.#rest.unref()
  }

  #dismiss(): void {
    const child = this.#child
    this.#child = null
    if (child?.connected) child.disconnect()
  }
}
