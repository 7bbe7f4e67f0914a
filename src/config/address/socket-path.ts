/** Where the file of a Unix socket really is. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The path with the links of its directories followed, so that two spellings of one file compare equal. The file itself is not
 * followed: a socket replaces whatever has its name. Directories that do not exist yet keep their spelling.
 */
export function realSocketPath(baseDir: string, path: string): string {
  const whole = resolve(baseDir, path)
  return join(realDirectory(dirname(whole)), basename(whole))
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    const parent = dirname(directory)
    return parent === directory ? directory : join(realDirectory(parent), basename(directory))
  }
}
