/** Writes the generated documents: `node scripts/generate-docs.ts`. */
import { writeFileSync } from 'node:fs'
import { configurationPage } from './configuration-page.ts'
import { conformancePage } from './conformance-page.ts'
import { errorsPage } from './errors-page.ts'
import { metricsPage } from './metrics-page.ts'
import { openApiFile } from './openapi-file.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/conformance.md', import.meta.url), conformancePage())
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())
writeFileSync(new URL('../docs/openapi.json', import.meta.url), openApiFile())
writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage())
