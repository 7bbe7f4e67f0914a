/** Parses JSON and YAML to plain data with the position of every part. */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  type YAMLParseError,
} from 'yaml'
import { blankComments } from './comments.ts'
import { type Path, type Problem, show } from './problem.ts'

/** A parsed text: its value, and the position of each part. */
export interface Source {
  /** Plain data; objects have no prototype, so that `__proto__` is a key like any other. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  isWritten(path: Path): boolean
  /** Position of the value (or the key) at the path; of its parent if it was not written. */
  locate(path: Path, part?: 'key' | 'value'): { readonly line: number; readonly column: number }
  /** Every path with a value. */
  written(): readonly Path[]
}

/** Far more than any configuration needs; the parser's own recursion fails at some hundreds. */
const maxDepth = 64

/** Limit of lexical tokens; the parser needs some seconds for the million that fit into 1 MiB. */
const maxTokens = 50_000

interface Spot {
  readonly key: number
  readonly value: number
}

/**
 * Parses JSON, JSON with comments and trailing commas, or YAML 1.2 (a superset of JSON). Never throws: if the text
 * cannot be parsed, `problems` has the reason and `value` is undefined.
 */
export function parseText(text: string): Source {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
  const spots = new Map<string, Spot>()
  const problems: Problem[] = []

  const position = (offset: number) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { line, column: col }
  }
  const report = (offset: number, message: string, path: Path = []) => {
    problems.push({ ...position(offset), path, message })
  }
  const source = (value: unknown): Source => ({
    value,
    problems,
    isWritten: (path) => spots.has(JSON.stringify(path)),
    written: () => [...spots.keys()].map((text) => JSON.parse(text) as Path),
    locate: (path, part = 'value') => {
      for (let length = path.length; length >= 0; length--) {
        const spot = spots.get(JSON.stringify(path.slice(0, length)))
        if (spot !== undefined) return position(length === path.length ? spot[part] : spot.value)
      }
      return position(0)
    },
  })

  const nul = text.indexOf('\0')
  if (nul !== -1) {
    report(nul, 'contains a NUL byte; the file must be text')
    return source(undefined)
  }
  const blanked = blankComments(text)
  if (blanked.unclosed !== undefined) {
    report(blanked.unclosed, 'starts a comment that never ends; close it with */')
    return source(undefined)
  }
  const tokens = tokenize(blanked.text, report)
  if (tokens === undefined) return source(undefined)
  const document = compose(tokens, text.length, report)
  if (document === undefined) return source(undefined)

  const read = (node: ParsedNode | null, path: Path, key: number): unknown => {
    spots.set(JSON.stringify(path), { key, value: node?.range[0] ?? key })
    if (isMap(node)) return readMap(node.items as readonly Entry[], path)
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = item as ParsedNode | null
        return read(child, [...path, index], child?.range[0] ?? key)
      })
    }
    if (isAlias(node)) {
      report(node.range[0], 'is an alias; write the value itself', path)
      return undefined
    }
    const value = isScalar(node) ? node.value : null
    // -0 would become 0 when the effective configuration is printed and loaded again.
    return value === 0 ? 0 : value
  }
  const readMap = (entries: readonly Entry[], path: Path): unknown => {
    const value: Record<string, unknown> = Object.create(null)
    for (const entry of entries) {
      const name = String(isScalar(entry.key) ? entry.key.value : entry.key)
      const here = [...path, name]
      const offset = entry.key.range[0]
      if (Object.hasOwn(value, name)) {
        const first = source(undefined).locate(here, 'key')
        report(offset, `is a duplicate key, first in line ${first.line}; keep one of them`, here)
      } else {
        value[name] = read(entry.value, here, offset)
      }
    }
    return value
  }

  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) {
    report(
      0,
      'the file is empty; it needs at least a mode, such as { "mode": "Forward", "listen_addr": "127.0.0.1:3128" }',
    )
    return source(undefined)
  }
  if (!isMap(root)) {
    const given = isScalar(root) ? show(root.value) : isSeq(root) ? 'a list' : 'an alias'
    report(root.range[0], `is ${given}; must be an object with keys such as mode`)
    return source(undefined)
  }
  return source(read(root, [], root.range[0]))
}

interface Entry {
  readonly key: ParsedNode
  readonly value: ParsedNode | null
}

type Report = (offset: number, message: string) => void

/** Stops at the limits: composing deep trees recurses, and the parser takes quadratic time for them. */
function tokenize(text: string, report: Report): readonly CST.Token[] | undefined {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    if (++count > maxTokens) {
      report(parser.offset, `is too long for a configuration: more than ${maxTokens} tokens`)
      return undefined
    }
    if (parser.stack.length > maxDepth) {
      report(parser.offset, `is nested too deep; the limit is ${maxDepth} levels`)
      return undefined
    }
  }
  return [...tokens, ...parser.end()]
}

const hint = 'check the commas, quotes and brackets here and just before'

const hints: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'write a backslash as \\\\',
  BAD_INDENT: 'indent all keys of an object equally',
  NON_STRING_KEY: 'write each key as a word',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag',
}

/** `readMap` detects duplicate keys: the parser's own check takes quadratic time. */
function compose(tokens: readonly CST.Token[], length: number, report: Report): Document.Parsed | undefined {
  const options = { uniqueKeys: false, stringKeys: true, resolveKnownTags: false }
  const [document, second] = new Composer(options).compose(tokens, true, length)
  const faults: readonly YAMLParseError[] = [...(document?.errors ?? []), ...(document?.warnings ?? [])]
  const first = faults[0]
  if (first !== undefined) {
    // Later errors are mostly consequences of the first.
    const reason = first.message.split('\n', 1)[0] ?? ''
    report(first.pos[0], `cannot be read as JSON or YAML: ${reason}; ${hints[first.code] ?? hint}`)
    return undefined
  }
  if (second !== undefined) {
    report(second.range[0], 'starts a second document; the file must have one')
    return undefined
  }
  return document
}
