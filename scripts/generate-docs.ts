/** Writes the generated documents: `node scripts/generate-docs.ts`. */
import { writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())
