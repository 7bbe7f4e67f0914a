/** Checks a parsed configuration against the schema and words its problems. */
import { z } from 'zod'
import { nearest } from '../text/nearest.ts'
import type { Source } from '../text/parse.ts'
import { type Path, type Problem, show } from '../text/problem.ts'
import { configSchema, workerKeys } from './schema.ts'
import { isSecret } from './secret-keys.ts'

/** A value without the parts that the schema rejects: any part may be missing. */
export type Sound<T> = T extends readonly (infer Element)[]
  ? readonly (Sound<Element> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Sound<T[Key]> | undefined }
    : T

/**
 * Checks the value against the schema. `sound` is the valid part, so that the rules over several keys can run too and
 * one attempt reports every problem.
 */
export function checkSchema(source: Source): {
  readonly sound: Sound<z.input<typeof configSchema>>
  readonly problems: readonly Problem[]
} {
  const sound = structuredClone(source.value) as Sound<z.input<typeof configSchema>>
  const result = configSchema.safeParse(source.value)
  const problems = (result.error?.issues ?? []).flatMap(ofMeantOption).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(source, path, key))
    }
    remove(sound, path)
    return [{ ...source.locate(path), path, message: fault(source, path, issue) }]
  })
  return { sound, problems: [...problems, ...droppedNames(source)] }
}

/** zod leaves `__proto__` out of a record without an issue. */
function droppedNames(source: Source): readonly Problem[] {
  const dropped = source.written().filter((path) => {
    return path.at(-1) === '__proto__' && objectIn(schemaAt(path.slice(0, -1))) instanceof z.ZodRecord
  })
  return dropped.map((path) => ({
    ...source.locate(path, 'key'),
    path,
    message: 'is not a usable name; JavaScript reserves it',
  }))
}

/** For a value that may be text or an object: if it is an object, reports the issues inside it. */
function ofMeantOption(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors.find((errors) =>
    errors.every(({ code, path }) => code !== 'invalid_type' || path.length > 0),
  )
  const isInside = meant?.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys') ?? false
  if (meant === undefined || !isInside) return [issue]
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

function unknownKey(source: Source, parent: Path, key: string): Problem {
  const path = [...parent, key]
  const position = source.locate(path, 'key')
  const schema = objectIn(schemaAt(parent))
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const others = workersThatKnow(parent, key)
  if (others.length > 0) {
    return {
      ...position,
      path,
      message: `does not apply to ${parent[1]}, only to ${others.join(' and ')}; remove it`,
    }
  }
  const near = nearest(key, known)
  const right = near === undefined ? `known here: ${known.join(', ')}` : `did you mean \`${near}\`?`
  return { ...position, path, message: `is not a known key; ${right}` }
}

/** Other workers that accept a key which the worker at the path does not. */
function workersThatKnow([root, worker, ...inside]: Path, key: string): readonly string[] {
  if (root === undefined || worker === undefined) return []
  return workerKeys.filter((other) => {
    const schema = other === worker ? undefined : objectIn(schemaAt([root, other, ...inside]))
    return schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key)
  })
}

function fault(source: Source, path: Path, issue: z.core.$ZodIssue): string {
  if (isSecret(path)) return `is not usable; must be ${expectation(schemaAt(path) ?? configSchema)}`
  const given = valueAt(source.value, path)
  if (issue.code === 'custom' && issue.message !== 'Invalid input')
    return `is ${show(given)}; ${issue.message}`
  const schema = schemaAt(path)
  const expects = schema === undefined ? 'something else' : expectation(schema)
  return source.isWritten(path) ? `is ${show(given)}; must be ${expects}` : `is missing; must be ${expects}`
}

/** What the schema expects, for problems and docs. */
export function expectation(schema: z.core.$ZodType): string {
  const noted = z.globalRegistry.get(schema)?.['expects']
  if (typeof noted === 'string') return noted
  return schema instanceof z.ZodObject
    ? `an object with keys such as ${Object.keys(schema.shape)[0]}`
    : 'something else'
}

/** The schema of the value at a path, without wrappers for defaults and optional keys. */
function schemaAt(path: Path): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const part of path) {
    schema = objectIn(schema)
    if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, part))
      schema = unwrap(schema.shape[part])
    else if (schema instanceof z.ZodArray) schema = schema.element
    else if (schema instanceof z.ZodRecord) schema = schema.valueType
    else return undefined
  }
  return schema
}

/** The object alternative of a union; any other schema unchanged. */
export function objectIn(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (!(schema instanceof z.ZodUnion)) return schema
  return schema.options.find((option) => option instanceof z.ZodObject)
}

export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
  return isWrapper ? unwrap(schema.def.innerType) : schema
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (parent, part) =>
      typeof parent === 'object' && parent !== null && Object.hasOwn(parent, part)
        ? (parent as Record<string, unknown>)[part]
        : undefined,
    value,
  )
}

function remove(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1))
  const last = path.at(-1)
  if (typeof parent !== 'object' || parent === null || last === undefined) return
  // The other elements of a list keep their index, and so their paths.
  if (Array.isArray(parent)) parent[Number(last)] = undefined
  else delete (parent as Record<string, unknown>)[last]
}
