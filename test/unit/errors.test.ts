import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorsPage } from '../../scripts/errors-page.ts'

test('docs/errors.md is what scripts/generate-docs.ts writes', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsPage())
})
