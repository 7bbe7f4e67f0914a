/** A temporary directory for tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Creates a directory that is removed after its test or, if a hook created it, with the process of the test
 * file.
 */
export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  try {
    onTestFinished(remove)
  } catch {
    process.once('exit', remove)
  }
  return directory
}
