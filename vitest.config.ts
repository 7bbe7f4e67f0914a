import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const isCoverage = process.argv.some((word) => word.startsWith('--coverage'))
const jsonReport = process.env['VITEST_JSON']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    env: {
      // Where daemons make their admin token; not in the home of whoever runs the tests.
      BIFROST_SECRET_HOME: join(tmpdir(), 'bifrost-test-secrets'),
      // Times of instrumented code compare with nothing.
      ...(isCoverage ? { BIFROST_COVERAGE: '1' } : {}),
    },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: jsonReport ? ['default', ['json', { outputFile: jsonReport }]] : ['default'],
  },
})
