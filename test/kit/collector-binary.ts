import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is in the Collector of the tests. */
export const manifestPath = join(import.meta.dirname, '../collector/builder.yaml')

/** Where it is, or will be: BIFROST_COLLECTOR names another one (an otelcol-contrib, say); else outside the tree, by manifest. */
export function binaryPath(): string {
  const named = process.env['BIFROST_COLLECTOR']
  if (named !== undefined && named !== '') return named
  const hash = createHash('sha256').update(readFileSync(manifestPath)).digest('hex').slice(0, 16)
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(cache, 'bifrost-bridge/collector', hash, 'otelcol')
}

/** Why there is no Collector to test with; null when there is one. */
export function whyNoCollector(): string | null {
  const path = binaryPath()
  return existsSync(path) ? null : `there is no ${path}: npm run collector:build`
}
