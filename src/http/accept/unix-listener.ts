/**
 * A listening Unix socket. It is made under a name of its own and then renamed over the path, so that a successor takes the path
 * without a moment in which a connect would fail.
 */

import { chmodSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { randomBytes } from '../builtin.ts'

const lookMs = 10
const maxLooks = 100
/** For what has connected to the old socket and is not accepted yet. */
const lingerMs = 50

export class UnixListener {
  readonly path: string
  readonly inode: number
  readonly #server: Server

  private constructor(path: string, inode: number, server: Server) {
    this.path = path
    this.inode = inode
    this.#server = server
  }

  /** `mode`: permission bits; undefined for what the umask leaves. Rejects with Node's own error. */
  static async open(
    path: string,
    mode: number | undefined,
    onSocket: (socket: Socket) => void,
  ): Promise<UnixListener> {
    const server = createServer({ allowHalfOpen: true }, onSocket)
    const made = join(dirname(path), `.${randomBytes(4).toString('hex')}`)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: made, backlog: 1024 }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    try {
      if (mode !== undefined) chmodSync(made, mode)
      const { ino } = statSync(made)
      renameSync(made, path)
      return new UnixListener(path, ino, server)
    } catch (error) {
      server.close()
      throw error
    }
  }

  /** Stops to accept once the path is somebody else's, or gone, and nobody is left in the queue; or after a second. */
  async leave(): Promise<void> {
    for (let looks = 0; looks < maxLooks && this.#isCurrent(); looks += 1) await pause(lookMs)
    await pause(lingerMs)
    this.close()
  }

  /** Stops to accept now. */
  close(): void {
    if (this.#isCurrent()) rmSync(this.path, { force: true })
    this.#server.close()
  }

  #isCurrent(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
