/** Writes the generated documents: `npm run docs`. A test fails when one is out of date. */
import { writeFileSync } from 'node:fs'
import { generatedDocs } from './generated-docs.ts'

for (const [name, make] of Object.entries(generatedDocs)) {
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), make())
}
