import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { openApiFile } from '../../../scripts/openapi-file.ts'
import type { Answer } from '../../../src/admin/answer.ts'
import { allOperations, type Operation } from '../../../src/admin/api/operations/operations.ts'
import { readQuery } from '../../../src/admin/router.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: { readonly type: string; readonly minimum: number; readonly maximum: number }
}

const { paths } = JSON.parse(openApiFile()) as {
  readonly paths: Record<
    string,
    Record<string, { readonly operationId: string; readonly parameters?: readonly Parameter[] }>
  >
}
const described = Object.values(paths)
  .flatMap((methods) => Object.values(methods))
  .flatMap(({ operationId: id, parameters = [] }) => parameters.map((parameter) => ({ id, ...parameter })))
const numbers = described.filter(({ schema }) => schema.type === 'integer')

/** Reads a query that contains the required parameters of the operation and one more. */
function asked(id: string, name: string, text: string): ReturnType<typeof readQuery> {
  const needed = described.filter((one) => one.id === id && one.in === 'query' && one.required)
  const all = [...needed.map((one) => [one.name, 'a'] as const), [name, text] as const]
  return readQuery(
    allOperations[id] as Operation,
    new URLSearchParams(all.map(([...pair]) => pair)).toString(),
  )
}

const errorOf = (read: ReturnType<typeof readQuery>): string => {
  const { status, body } = read as Answer
  expect(status).toBe(400)
  return (JSON.parse(body.toString()) as { readonly error: string }).error
}

describe('numbers of a query', () => {
  test('include those of five operations', () => {
    expect(numbers.map(({ id, name }) => `${id} ${name}`)).toEqual(
      expect.arrayContaining([
        'listActors seq',
        'getHistory after',
        'getHistory limit',
        'explainRequest length',
        'listRequests limit',
        'listConnections limit',
      ]),
    )
  })

  describe.each(numbers)('$name of $id', ({ id, name, schema: { minimum, maximum } }) => {
    const right = `is not a whole number from ${minimum} to ${maximum}`

    test.each([
      '',
      ' ',
      '-1',
      '1.5',
      '1e1',
      '0x1',
      '+1',
      ' 1',
      'one',
      'NaN',
      'Infinity',
      '٣',
      String(maximum + 2),
      '9'.repeat(400),
    ])('refuses %j and reports the valid range', (text) => {
      const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
      expect(errorOf(asked(id, name, text))).toBe(`${name}: "${shown}" ${right}`)
    })

    test('accepts both ends of its range as numbers', () => {
      for (const end of [minimum, maximum])
        expect(asked(id, name, String(end))).toEqual({ query: expect.objectContaining({ [name]: end }) })
    })

    test('is refused if it is given twice', () => {
      const operation = allOperations[id] as Operation
      expect(errorOf(readQuery(operation, `${name}=1&${name}=2`))).toContain(`${name}: given twice`)
    })
  })
})

describe('docs/openapi.json', () => {
  test('marks a parameter as required exactly if a query without it is refused', () => {
    for (const { id, name, in: where, required } of described) {
      if (where !== 'query') continue
      const { query } = allOperations[id] as { readonly query: z.ZodObject }
      const missing = query.safeParse({}).error?.issues.some(({ path }) => path[0] === name) ?? false
      expect([id, name, required]).toEqual([id, name, missing])
    }
  })
})
