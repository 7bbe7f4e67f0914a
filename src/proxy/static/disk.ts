/** The file system as static files use it: contained in its root, bounded and timed. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstat,
  open,
  read,
  readlinkSync,
  realpath,
} from 'node:fs'
import { join, sep } from 'node:path'
import { promisify } from 'node:util'
import { BifrostError, type ErrorCode } from '../../errors.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'

/** An open regular file. Its receiver closes it. */
export interface OpenFile {
  readonly fd: number
  readonly size: number
  /** Microsecond precision. */
  readonly modifiedMs: number
  /**
   * Time of the last change of content, name, owner or permissions. Unlike the modification time, it cannot
   * be set.
   */
  readonly changedMs: number
  /** Changes with the file, its content or permissions: device, inode, size and both times in nanoseconds. */
  readonly identity: string
}

export type Found = OpenFile | 'DIRECTORY' | ErrorCode

/** The file system as static files use it. Time spent in it counts as `diskIoMs` (seed S072). */
export interface Disk {
  /**
   * Opens a regular file whose real path is below `root` (a real path itself). Returns DIRECTORY for a
   * directory, or the code to answer with. Throws INTERNAL for unexpected system errors.
   */
  open(root: string, relative: string): Promise<Found>
  /**
   * True if a missing path is missing inside `root`, not behind a link that leads out. Otherwise the answer
   * would reveal which files exist outside.
   */
  isMissingInside(root: string, segments: readonly string[]): Promise<boolean>
  /** Reads up to the buffer's length; 0 at the end of the file. Rejects with the system error. */
  read(fd: number, into: Uint8Array, position: number): Promise<number>
  /** Reads a whole file; undefined if it cannot be read or changed while being read. */
  readWhole(file: OpenFile): Promise<Buffer | undefined>
  /**
   * Closes in this call: a queued close is cancelled when the thread ends first, and its descriptor stays open in the process (see
   * access-log-sink.ts).
   */
  close(fd: number): void
}

const openFile = promisify(open)
const readFile = promisify(read)
const linkStat = promisify(lstat)
const realPath = promisify(realpath.native)

// NONBLOCK: opening a FIFO without a writer would block a pool thread for ever.
// NOFOLLOW: the path is already real, so a link there was created a moment ago.
const flags =
  constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    ENOENT: 'NOT_FOUND',
    ENOTDIR: 'NOT_FOUND',
    ENAMETOOLONG: 'NOT_FOUND',
    ELOOP: 'FORBIDDEN_PATH',
    EACCES: 'FORBIDDEN_PATH',
    EPERM: 'FORBIDDEN_PATH',
    // ENXIO comes from opening a socket or a device without a driver.
    ENXIO: 'FORBIDDEN_PATH',
    ENODEV: 'FORBIDDEN_PATH',
    EMFILE: 'OVER_LIMIT',
    ENFILE: 'OVER_LIMIT',
  }),
)

/** Maps a system error to an answer; undefined for errors that neither a client nor a file can cause. */
export function codeOfSystemError(error: unknown): ErrorCode | undefined {
  return error instanceof Error && 'code' in error ? codes.get(String(error.code)) : undefined
}

export function createDisk(counters: CounterBlock): Disk {
  async function timed<T>(work: Promise<T>): Promise<T> {
    const start = performance.now()
    try {
      return await work
    } finally {
      count(counters, 'diskIoMs', performance.now() - start)
    }
  }

  async function find(root: string, relative: string): Promise<Found> {
    const path = await realPath(join(root, relative))
    if (!isInside(root, path)) return 'NOT_FOUND'
    const fd = await openFile(path, flags)
    let isKept = false
    try {
      const found = inspect(root, fd)
      isKept = typeof found === 'object'
      return found
    } finally {
      if (!isKept) closeNow(fd)
    }
  }

  async function readAll(file: OpenFile): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafeSlow(file.size)
    let position = 0
    while (position < file.size) {
      const { bytesRead } = await readFile(file.fd, bytes, position, file.size - position, position)
      if (bytesRead === 0) return undefined
      position += bytesRead
    }
    return identityOf(fstatSync(file.fd, { bigint: true })) === file.identity ? bytes : undefined
  }

  return {
    async open(root, relative) {
      try {
        return await timed(find(root, relative))
      } catch (cause) {
        const code = codeOfSystemError(cause)
        if (code !== undefined) return code
        throw new BifrostError('INTERNAL', `cannot open ${join(root, relative)}`, { cause })
      }
    },
    isMissingInside: (root, segments) => timed(isMissingInside(root, segments)),
    async read(fd, into, position) {
      const { bytesRead } = await timed(readFile(fd, into, 0, into.byteLength, position))
      return bytesRead
    },
    readWhole: (file) => timed(readAll(file).catch(() => undefined)),
    close(fd) {
      const start = performance.now()
      closeNow(fd)
      count(counters, 'diskIoMs', performance.now() - start)
    },
  }
}

function closeNow(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // A failed close loses no data here, and the descriptor is free either way.
  }
}

/**
 * Walks from the top, so the number of steps is bounded by the folders that exist, not by the request's
 * length.
 */
async function isMissingInside(root: string, segments: readonly string[]): Promise<boolean> {
  let path = root
  for (const name of segments) {
    path = join(path, name)
    const stat = await linkStat(path).catch(() => undefined)
    if (stat === undefined) return true
    if (!stat.isSymbolicLink()) continue
    const real = await realPath(path).catch(() => undefined)
    if (real === undefined || !isInside(root, real)) return false
  }
  return true
}

/** Synchronous: the file is open, so the kernel has the data in memory. */
function inspect(root: string, fd: number): Found {
  const stat = fstatSync(fd, { bigint: true })
  if (!stayedInside(root, fd)) return 'NOT_FOUND'
  if (stat.isDirectory()) return 'DIRECTORY'
  if (!stat.isFile()) return 'FORBIDDEN_PATH'
  return {
    fd,
    size: Number(stat.size),
    modifiedMs: Number(stat.mtimeNs / 1000n) / 1000,
    changedMs: Number(stat.ctimeMs),
    identity: identityOf(stat),
  }
}

const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) =>
  `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`

/**
 * A folder on the path can become a link between realpath and open; only the kernel knows what was opened.
 * Without /proc, realpath and NOFOLLOW are the only protection.
 */
function stayedInside(root: string, fd: number): boolean {
  try {
    return isInside(root, readlinkSync(`/proc/self/fd/${fd}`))
  } catch {
    return true
  }
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}
