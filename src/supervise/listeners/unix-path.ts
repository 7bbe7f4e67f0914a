/**
 * Main's part in Unix sockets. They cannot be moved to another thread, so instances listen on them directly. Main checks at start
 * that a path is free, decides which instance listens, and removes the path at the end.
 */

import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { UnixAddress } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'
import type { Channel } from '../channel/channel.ts'

export interface UnixSpec {
  readonly key: string
  readonly address: UnixAddress
}

interface Entry {
  readonly path: string
  isClaimed: boolean
  /** Inode of the socket that an instance made last. */
  inode: number | null
  isReleased: boolean
}

export class UnixPaths {
  readonly #entries: ReadonlyMap<string, Entry>

  constructor(specs: readonly UnixSpec[]) {
    this.#entries = new Map(
      specs.map(({ key, address }) => [
        key,
        { path: address.path, isClaimed: false, inode: null, isReleased: false },
      ]),
    )
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Throws LISTEN_FAILED with a hint, the first time; later the path is ours. */
  async bind(key: string): Promise<void> {
    const entry = this.#entry(key)
    entry.isReleased = false
    if (entry.isClaimed) return
    await claimPath(entry.path)
    entry.isClaimed = true
  }

  /** It is the instance's turn. */
  move(key: string, channel: Channel): void {
    channel.post({ type: 'listener.open', key })
  }

  /** An instance has made the socket of `key`. */
  opened(key: string, inode: number): void {
    const entry = this.#entry(key)
    entry.inode = inode
    if (entry.isReleased) removePath(entry)
  }

  /** Removes the path, until an instance is to listen again. */
  suspend(key: string): void {
    this.release(key)
  }

  release(key: string): void {
    const entry = this.#entry(key)
    entry.isReleased = true
    removePath(entry)
  }

  close(): void {
    for (const key of this.#entries.keys()) this.release(key)
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new BifrostError('INTERNAL', `there is no Unix socket ${key}`)
    return entry
  }
}

/** Removes a socket on which no process listens. Throws LISTEN_FAILED if the path cannot be used. */
export async function claimPath(path: string): Promise<void> {
  // libuv reports EACCES in this case.
  if (!existsSync(dirname(path))) throw failure(path, 'its directory does not exist')
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats !== undefined) {
    if (!stats.isSocket())
      throw failure(path, 'the path exists and is not a socket; remove the file, or choose another path')
    if (await isServed(path))
      throw failure(path, 'it is already in use; stop the program that uses it, or choose another path')
    rmSync(path, { force: true })
  }
  await tryDirectory(path)
}

/** Removes only a socket that one of our instances made: another program may own the path by now. */
function removePath({ path, inode }: Entry): void {
  if (inode === null) return
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true })
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(failure(path, `the path exists but cannot be inspected (${error.code})`, error))
    })
  })
}

/**
 * Makes a socket in the directory and removes it, so that a directory without write permission is a clear error at start. The name is
 * random: several sockets of one directory are claimed at the same time, and a daemon that was killed here leaves its name behind.
 */
function tryDirectory(path: string): Promise<void> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(failure(path, hints.get(error.code ?? '') ?? error.message, error)),
    )
    server.listen(join(dirname(path), `.${randomBytes(4).toString('hex')}.try`), () =>
      server.close(() => resolve()),
    )
  })
}

const hints: ReadonlyMap<string, string> = new Map(
  Object.entries({
    EACCES: 'this user may not create files in its directory',
    EROFS: 'its directory is on a read-only file system',
  }),
)

function failure(path: string, reason: string, cause?: unknown): BifrostError {
  return new BifrostError('LISTEN_FAILED', `cannot listen on unix:${path}: ${reason}`, { cause })
}
