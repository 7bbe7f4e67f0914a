/**
 * A listening Unix socket. It is created under a temporary name and then renamed over the path, so that a
 * successor takes the path over without a moment in which a connect would fail.
 */
import { chmodSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { randomBytes } from '../builtin.ts'

const lookMs = 10
const maxLooks = 100
/** Time to accept the connections that are still in the queue of the old socket. */
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

  /**
   * `mode`: permission bits; undefined leaves them to the umask. Calls `start` when the server listens and before
   * anyone can connect. Rejects with Node's own error.
   */
  static async open(
    path: string,
    mode: number | undefined,
    start: (server: Server) => void,
  ): Promise<UnixListener> {
    const server = createServer({ allowHalfOpen: true })
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
      start(server)
      renameSync(made, path)
      return new UnixListener(path, ino, server)
    } catch (error) {
      server.close()
      throw error
    }
  }

  /**
   * Stops accepting when the path belongs to a successor or is gone, and the queue is empty; after a second at
   * the latest.
   */
  async leave(): Promise<void> {
    for (let looks = 0; looks < maxLooks && this.#isCurrent(); looks += 1) await pause(lookMs)
    await pause(lingerMs)
    this.close()
  }

  /** Stops accepting now. */
  close(): void {
    if (this.#isCurrent()) rmSync(this.path, { force: true })
    this.#server.close()
  }

  #isCurrent(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
