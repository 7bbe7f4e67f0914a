/** Matches admin requests to operations. */
import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import { type Answer, json } from './answer.ts'
import { allOperations, type Operation } from './api/operations/operations.ts'

/** A matched request, with path and query checked against its operation. */
export interface ApiRequest {
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>
  /** The query as the operation's schema parsed it. */
  readonly query: unknown
  /** Empty unless the operation has a body. */
  readonly text: string
  /** True if the request carries the admin token. */
  readonly isTrusted: boolean
  /** Names the caller in the log. */
  readonly by: string
  readonly lastEventId: string | undefined
}

/** Takes over the response to stream; `open` returns false if there are too many streams. */
export interface StreamReply {
  readonly open: (res: ServerResponse) => boolean
}

export type Reply = Answer | StreamReply
export type Handler = (request: ApiRequest) => Reply | Promise<Reply>
/** Handlers by operation id. */
export type Handlers = Readonly<Record<string, Handler>>

export interface MatchedOperation {
  readonly id: string
  readonly operation: Operation
  readonly params: Readonly<Record<string, string>>
}

interface Pattern {
  readonly id: string
  readonly operation: Operation
  readonly segments: readonly string[]
}

const patterns: readonly Pattern[] = Object.entries(allOperations).map(([id, operation]) => ({
  id,
  operation,
  segments: operation.path.split('/'),
}))

/**
 * Finds the operation of an undecoded path; the allowed methods if the method does not match; null for an
 * unknown path.
 */
export function findOperation(
  method: string,
  path: string,
): MatchedOperation | { readonly allow: string } | null {
  const segments = path.split('/')
  const here = patterns.flatMap(({ id, operation, segments: wanted }) => {
    const params = paramsOf(wanted, segments)
    return params === null ? [] : [{ id, operation, params }]
  })
  if (here.length === 0) return null
  const asked = method === 'HEAD' ? 'GET' : method
  const found = here.find(({ operation }) => operation.method === asked)
  if (found !== undefined) return found
  const methods = here.map(({ operation }) => operation.method)
  return { allow: [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ') }
}

function paramsOf(
  wanted: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | null {
  if (wanted.length !== given.length) return null
  const params = new Map<string, string>()
  for (const [at, segment] of wanted.entries()) {
    const text = given[at] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(segment) ?? []
    if (name === undefined ? segment !== text : text === '') return null
    if (name !== undefined) params.set(name, decoded(text))
  }
  return Object.fromEntries(params)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Parses the query with the operation's schema; returns a 400 answer if it is invalid. */
export function readQuery(operation: Operation, search: string): { readonly query: unknown } | Answer {
  const { query } = operation
  if (query === undefined) return { query: {} }
  const given = new URLSearchParams(search)
  const seen = new Set<string>()
  const twice = [...given.keys()].find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) return json(400, { error: `${twice}: given twice; give it once` })
  const parsed = query.safeParse(Object.fromEntries(given))
  return parsed.success
    ? { query: parsed.data }
    : json(400, { error: parsed.error.issues.map(describe).join('; ') })
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: unknown parameter`
  return `${issue.path.join('.')}: ${issue.message}`
}
