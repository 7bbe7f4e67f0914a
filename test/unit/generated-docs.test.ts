import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedDocs } from '../../scripts/generated-docs.ts'

test.each(Object.entries(generatedDocs))('docs/%s is what `npm run docs` makes of the code', (name, make) => {
  expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')).toBe(make())
})
