/** Destination of log lines: a file, or the standard output or standard error of the process. */
import { closeSync, constants, fstat, open, readFileSync, type Stats } from 'node:fs'
import { promisify } from 'node:util'

export interface Sink {
  readonly fd: number
  /** True if a write never blocks, so it can be made synchronously. */
  readonly isImmediate: boolean
  /** Longest write that never interleaves with other writers. */
  readonly maxPiece: number
  close(): void
}

const openFile = promisify(open)
const stat = promisify(fstat)

/**
 * Never wait for the other end: without O_NONBLOCK, opening a pipe waits for its reader, and a write to an
 * unread pipe blocks a pool thread that name look-ups and file reads need.
 */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK

/** POSIX: a pipe write of at most PIPE_BUF bytes is atomic. */
const pipeBytes = 4096

/** Opens a file for appending and creates it if needed. */
export async function openFileSink(path: string): Promise<Sink> {
  const fd = await openFile(path, flags | constants.O_CREAT, 0o640)
  try {
    return sinkOf(fd, await stat(fd), () => closeNow(fd))
  } catch (error) {
    closeNow(fd)
    throw error
  }
}

/** Standard output (1) or standard error (2) of the process. */
type StandardFd = 1 | 2

/**
 * Other processes may share the inherited file description, so its flags must not change: a pipe or terminal
 * is opened again. A socket cannot be reopened (systemd's journal, a Node parent); it is used as it is, and
 * main's `process.stdout` has made it non-blocking. A regular file is written through the shared description,
 * because main's own output uses the same offset.
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
    // A disk write may block whatever the flags are.
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
