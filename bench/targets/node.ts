/** Launches a Node program as a target. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** `bench/` and the project that contains it. */
export const benchDir = join(import.meta.dirname, '..')
export const projectDir = join(benchDir, '..')

export function packageVersion(name: string): string {
  const { version } = JSON.parse(
    readFileSync(join(benchDir, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { version: string }
  return version
}
