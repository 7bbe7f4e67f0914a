/** Where the lines of a log go: a file of its own, or what the process was given as standard output or standard error. */
import { closeSync, constants, fstat, open, readFileSync, type Stats } from 'node:fs'
import { promisify } from 'node:util'

export interface Sink {
  readonly fd: number
  /** Whether a write ends at once in any case, so that it may be made on the spot. */
  readonly isImmediate: boolean
  /** The longest piece that is never mixed with what others write. */
  readonly maxPiece: number
  close(): void
}

const openFile = promisify(open)
const stat = promisify(fstat)

/**
 * Nothing may wait here for the other end: without O_NONBLOCK the open of a pipe waits for its reader, and a write to one that is not
 * read waits in the thread pool, where look-ups of names and reads of files wait behind it.
 */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK

/** POSIX: a write to a pipe of at most PIPE_BUF bytes is whole, or not at all. */
const pipeBytes = 4096

/** Opens a file for appending, and makes it when there is none. */
export async function openFileSink(path: string): Promise<Sink> {
  const fd = await openFile(path, flags | constants.O_CREAT, 0o640)
  try {
    return sinkOf(fd, await stat(fd), () => closeNow(fd))
  } catch (error) {
    closeNow(fd)
    throw error
  }
}

/** The standard output (1) or standard error (2) of the process. */
type StandardFd = 1 | 2

/**
 * What the process was given is a file description which other processes may share, so its flags are not ours: a pipe or a terminal is
 * opened anew. A socket cannot be (systemd's journal, a parent that is Node): there it is as it was given, and main's `process.stdout`
 * has made it non-blocking. A regular file is written through the shared description, whose offset main's own output follows.
 */
export async function openStandardSink(standard: StandardFd): Promise<Sink> {
  const stats = await stat(standard)
  if (stats.isFile()) return sinkOf(standard, stats, ignore)
  try {
    const fd = await openFile(`/proc/self/fd/${standard}`, flags)
    return sinkOf(fd, stats, () => closeNow(fd))
  } catch {
    return { fd: standard, isImmediate: isNonBlocking(standard), maxPiece: pipeBytes, close: ignore }
  }
}

function sinkOf(fd: number, stats: Stats, end: () => void): Sink {
  const isFile = stats.isFile()
  return {
    fd,
    // A disk may take its time, whatever the flags say.
    isImmediate: !isFile,
    maxPiece: isFile ? Number.POSITIVE_INFINITY : pipeBytes,
    close: end,
  }
}

function isNonBlocking(fd: number): boolean {
  try {
    const [, octal = '0'] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? []
    return (Number.parseInt(octal, 8) & constants.O_NONBLOCK) !== 0
  } catch {
    return false
  }
}

/**
 * Closes in this call. `fs.close` only queues the close: when the thread ends first, Node cancels it, and because it no longer counts the
 * descriptor as the thread's own, it stays open in the process.
 */
function closeNow(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Every write has reported its own error, and the descriptor is free either way.
  }
}

const ignore = (): void => {}
