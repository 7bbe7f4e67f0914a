/** The real path of a Unix socket. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * Resolves symbolic links in the directories, so that two spellings of one file compare equal. The last component is
 * not resolved, because a new socket replaces it. Missing directories keep their spelling.
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
