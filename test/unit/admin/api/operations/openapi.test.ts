import { describe, expect, test } from 'vitest'
import { openApiFile } from '../../../../../scripts/openapi-file.ts'
import { allOperations } from '../../../../../src/admin/api/operations/operations.ts'

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

describe('docs/openapi.json', () => {
  test('contains every operation', () => {
    const { paths } = JSON.parse(openApiFile()) as Described
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    )
    expect(ids.toSorted()).toEqual(Object.keys(allOperations).toSorted())
  })

  test('refers only to schemas that it contains', () => {
    const text = openApiFile()
    const { components } = JSON.parse(text) as Described
    const referred = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(referred.length).toBeGreaterThan(20)
    expect(referred.filter((name) => !Object.hasOwn(components.schemas, name ?? ''))).toEqual([])
  })
})
