/** The generator of docs/openapi.json. */
import { openApiDocument } from '../src/admin/api/operations/openapi.ts'

/** Generates docs/openapi.json from the schemas of the admin interface. */
export function openApiFile(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`
}
