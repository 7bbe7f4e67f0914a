import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import { type Answer, json } from './answer.ts'
import { allOperations, type Operation } from './api/operations/operations.ts'

/** From a request to the handler of its operation, with what the operation says of path and query checked. */
export interface ApiRequest {
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>
  /** As the operation's schema gives it. */
  readonly query: unknown
  /** Empty unless the operation has a body. */
  readonly text: string
  /** Whoever asks has shown the admin token. */
  readonly isTrusted: boolean
  /** Who asks, for the log. */
  readonly by: string
  readonly lastEventId: string | undefined
}

/** Answers by itself as long as it likes; false: it has not, there are too many. */
export interface StreamReply {
  readonly open: (res: ServerResponse) => boolean
}

export type Reply = Answer | StreamReply
export type Handler = (request: ApiRequest) => Reply | Promise<Reply>
/** By operation. */
export type Handlers = Readonly<Record<string, Handler>>

export interface Found {
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

/** The operation of a path, undecoded; or the methods that it has, when this is none of them; or null. */
export function findOperation(method: string, path: string): Found | { readonly allow: string } | null {
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

/** Checked against the operation's schema; an answer when it is not right. */
export function readQuery(operation: Operation, search: string): { readonly query: unknown } | Answer {
  const { query } = operation
  if (query === undefined) return { query: {} }
  const given = new URLSearchParams(search)
  const seen = new Set<string>()
  const twice = [...given.keys()].find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) return json(400, { error: `${twice}: given twice; once would be right` })
  const parsed = query.safeParse(Object.fromEntries(given))
  return parsed.success
    ? { query: parsed.data }
    : json(400, { error: parsed.error.issues.map(describe).join('; ') })
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: not known here`
  return `${issue.path.join('.')}: ${issue.message}`
}
