/** The list of generated documents. */
import { configurationPage } from './configuration-page.ts'
import { conformancePage } from './conformance-page.ts'
import { errorsPage } from './errors-page.ts'
import { metricsPage } from './metrics-page.ts'
import { openApiFile } from './openapi-file.ts'

/** Generators by file name in docs/. */
export const generatedDocs: Readonly<Record<string, () => string>> = {
  'configuration.md': configurationPage,
  'conformance.md': conformancePage,
  'errors.md': errorsPage,
  'metrics.md': metricsPage,
  'openapi.json': openApiFile,
}
