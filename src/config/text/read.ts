/** Reads a configuration file. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { BifrostError } from '../../errors.ts'

const maxBytes = 1024 * 1024

const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOENT: 'there is no such file',
    ENOTDIR: 'a part of its path is not a directory',
    EACCES: 'this user may not read it (permission denied)',
    EPERM: 'this user may not read it (not permitted)',
    EISDIR: 'it is a directory; name the file in it',
    ELOOP: 'its symbolic links form a loop',
    ENAMETOOLONG: 'its name is too long',
    ERR_INVALID_ARG_VALUE: 'its name contains a NUL byte',
  }),
)

/** Returns the bytes of the file. Throws CONFIG_UNREADABLE with the reason in one line. */
export function readConfigFile(file: string): Buffer {
  let descriptor: number | undefined
  try {
    // O_NONBLOCK: opening a pipe without a writer would block forever.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) throw unreadable(file, 'it is a directory; name the file in it')
    if (!stats.isFile()) throw unreadable(file, 'it is not a regular file')
    const bytes = Buffer.allocUnsafe(maxBytes + 1)
    let length = 0
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    if (length > maxBytes) throw unreadable(file, 'it is larger than 1 MiB, the limit of a configuration')
    return bytes.subarray(0, length)
  } catch (cause) {
    if (cause instanceof BifrostError) throw cause
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw unreadable(file, reasons.get(code) ?? message, cause)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function unreadable(file: string, reason: string, cause?: unknown): BifrostError {
  const name = file.replaceAll('\0', '\\0')
  return new BifrostError('CONFIG_UNREADABLE', `${name}: cannot be read: ${reason}`, { cause })
}
