import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

describe('a Node option that overrides the limits of threads', () => {
  test('is refused at start', () => {
    const cli = join(import.meta.dirname, '../../../src/cli/bifrost.js')
    const env = { ...process.env, NODE_OPTIONS: '--max-old-space-size=900' }
    const { status, stderr } = spawnSync(process.execPath, [cli], { env, encoding: 'utf8', timeout: 10_000 })
    expect(status).toBe(1)
    expect(stderr).toContain('--max-old-space-size=900, which overrides max_memory_mb')
  })
})
