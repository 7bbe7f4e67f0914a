import { defineConfig } from 'vitest/config'

const isCoverage = process.argv.some((word) => word.startsWith('--coverage'))
const jsonReport = process.env['VITEST_JSON']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Times of instrumented code compare with nothing.
    env: isCoverage ? { BIFROST_COVERAGE: '1' } : {},
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: jsonReport ? ['default', ['json', { outputFile: jsonReport }]] : ['default'],
  },
})
